// Two people register, connect, plan to be in one city, and are told that they will meet; and what a client does about
// errors and tokens on the way. Usage: node journey.js ADDRESS
import assert from "node:assert/strict";

import { ApiError, connect, okay, type Tokens } from "./client.js";

const address = process.argv[2];
assert(address, "usage: node journey.js ADDRESS");
const run = Date.now();
const year = new Date().getUTCFullYear() + 1;

/** Somebody with an app, and how often its tokens were stored. */
async function join(name: string, home: { home_city?: string; home_country?: string }) {
  let tokens: Tokens | undefined;
  const stored: (Tokens | undefined)[] = [];
  const store = {
    load: () => tokens,
    save: (next: Tokens | undefined) => {
      tokens = next;
      stored.push(next);
    },
  };
  const api = connect(address!, store);
  const credentials = { email: `${name.toLowerCase()}.${run}@example.com`, password: "SecurePass123!" };
  const profile = okay(await api.POST("/api/v1/auth/register", { body: { ...credentials, display_name: name, ...home } }));
  assert.equal(profile.email, credentials.email);
  const login = okay(await api.POST("/api/v1/auth/login", { body: credentials }));
  store.save(login);
  return { api, id: login.user.id, credentials, store, stored };
}

async function refusal(sent: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<ApiError> {
  try {
    okay(await sent);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

const ana = await join("Ana", { home_city: "Lisbon", home_country: "Portugal" });
const ben = await join("Ben", {});
const found = okay(await ana.api.GET("/api/v1/users/search", { params: { query: { q: ben.credentials.email } } }));
assert.deepEqual(found.data.map((person) => person.id), [ben.id]);
console.log("registered: Ana and Ben, who find each other");

const request = okay(await ana.api.POST("/api/v1/connections/request", { body: { receiver_user_id: ben.id } }));
assert.equal(request.status, "pending");
const again = await refusal(ana.api.POST("/api/v1/connections/request", { body: { receiver_user_id: ben.id } }));
assert.deepEqual([again.status, again.code], [409, "CONFLICT"]);
const path = { connection_id: request.id };
const accepted = okay(await ben.api.PUT("/api/v1/connections/{connection_id}/accept", { params: { path } }));
assert.equal(accepted.status, "accepted");
console.log("connected");

const faults = await refusal(
  ana.api.POST("/api/v1/travels", {
    body: { city: "", country: "USA", start_date: `${year}-03-20`, end_date: `${year}-02-30` },
  }),
);
assert.deepEqual([faults.status, faults.code], [400, "VALIDATION_ERROR"]);
assert.deepEqual(faults.details.map((fault) => fault.field).sort(), ["city", "end_date"]);
const plan = okay(
  await ana.api.POST("/api/v1/travels", {
    body: { city: "New York", country: "USA", start_date: `${year}-03-15`, end_date: `${year}-03-20` },
  }),
);
const his = okay(
  await ben.api.POST("/api/v1/travels", {
    body: { city: "new york", country: "United States", start_date: `${year}-03-18`, end_date: `${year}-03-25` },
  }),
);
const { matches } = okay(await ana.api.GET("/api/v1/travels/{travel_id}/matches", { params: { path: { travel_id: plan.id } } }));
assert.equal(matches.length, 1);
const match = matches[0];
assert(match?.match_type === "traveling");
assert.deepEqual([match.user_id, match.travel_plan.id, match.overlap.days], [ben.id, his.id, 3]);
console.log(`a match: ${match.display_name} is there too, ${match.overlap.start_date} to ${match.overlap.end_date}`);

/** What somebody is told of the match, within a minute. */
async function told(person: typeof ana) {
  const query = { type: "travel_match" as const, is_read: false };
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resume) => setTimeout(resume, 500))) {
    const [first, ...more] = okay(await person.api.GET("/api/v1/notifications", { params: { query } })).data;
    assert.deepEqual(more, []);
    if (first) return first;
  }
  throw new Error("nobody was told of the match within a minute");
}
for (const [person, own] of [[ana, plan], [ben, his]] as const) {
  const notification = await told(person);
  assert.equal(notification.related_entity_id, own.id);
  console.log(`told: ${notification.message}`);
  const read = { params: { path: { notification_id: notification.id } } };
  assert.equal(okay(await person.api.PUT("/api/v1/notifications/{notification_id}/read", read)).is_read, true);
}

// An access token that is not good any more: ten requests at once get through by one refresh.
const old = ana.store.load();
assert(old);
ana.store.save({ ...old, access_token: "no.longer.good" });
const before = ana.stored.length;
const answers = await Promise.all(Array.from({ length: 10 }, () => ana.api.GET("/api/v1/users/me")));
assert(answers.every((answer) => okay(answer).id === ana.id));
assert.equal(ana.stored.length, before + 1);
assert.notEqual(ana.store.load()?.refresh_token, old.refresh_token);
console.log("ten requests, one refresh");

// What has not changed is not sent again, and reads the same; what has changed is.
const send = globalThis.fetch;
const statuses: number[] = [];
globalThis.fetch = async (...request: Parameters<typeof fetch>) => {
  const answer = await send(...request);
  statuses.push(answer.status);
  return answer;
};
const first = okay(await ana.api.GET("/api/v1/users/me"));
assert.deepEqual(okay(await ana.api.GET("/api/v1/users/me")), first);
okay(await ana.api.PUT("/api/v1/users/me", { body: { bio: "On the move" } }));
assert.equal(okay(await ana.api.GET("/api/v1/users/me")).bio, "On the move");
assert.deepEqual(statuses, [304, 304, 200, 200]);
console.log("what has not changed is not sent again");

// A session that was ended elsewhere can't be refreshed: the tokens are dropped, so that the app asks to sign in.
const other = okay(await ben.api.POST("/api/v1/auth/login", { body: ben.credentials }));
const elsewhere = connect(address, { load: () => other, save: () => undefined });
okay(await elsewhere.DELETE("/api/v1/auth/sessions"));
const ended = await refusal(ben.api.GET("/api/v1/users/me"));
assert.deepEqual([ended.status, ben.store.load()], [401, undefined]);
okay(await ana.api.POST("/api/v1/auth/logout"));
console.log("signed out");
