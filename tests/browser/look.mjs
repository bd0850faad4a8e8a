// Looks at /docs and /redoc with a real browser, as the local Functions host serves them: no error in the console, no request
// to another host, an account used from the page, every operation shown, and nothing wider than a phone.
//
// Usage: CHROMIUM=/usr/bin/chromium node look.mjs [FOLDER]      (screenshots go there; see `run`)

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { chromium } from "playwright-core";

const REPOSITORY = join(import.meta.dirname, "../..");
const BROWSER = process.env.CHROMIUM;
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };
const ACCOUNT = { email: "ana@example.com", password: "SecurePass123!", display_name: "Ana Silva" };
// The first start may have to build.
const START_MS = 300_000;
const WAIT_MS = 30_000;

const shots = process.argv[2] ?? join(REPOSITORY, "target/browser");
mkdirSync(shots, { recursive: true });

async function freePort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

// The API on a new database; ends with this script.
async function startApi() {
    const port = await freePort();
    const host = spawn("cargo", ["dev", "--ephemeral", "--port", String(port)], {
        cwd: REPOSITORY, stdio: ["ignore", "ignore", "inherit"],
    });
    const address = `http://127.0.0.1:${port}`;
    const deadline = Date.now() + START_MS;
    for (;;) {
        const ready = await fetch(`${address}/ready`).then((answer) => answer.ok, () => false);
        if (ready) return { address, host };
        assert.ok(host.exitCode === null && Date.now() < deadline, "the API did not start");
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

// A page that fails the run if it complains or asks another host for anything.
async function open(browser, address, path, viewport) {
    const context = await browser.newContext({ viewport, isMobile: viewport === PHONE, hasTouch: viewport === PHONE });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const faults = [];
    page.on("console", (message) => {
        // A refusal that the page asked for is no fault of the page.
        const refused = message.location().url.startsWith(`${address}/api/`);
        if (message.type() === "error" && !refused) faults.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => faults.push(`script: ${error}`));
    page.on("request", (request) => {
        const elsewhere = !request.url().startsWith(address) && !/^(data|blob):/.test(request.url());
        if (elsewhere) faults.push(`asks another host: ${request.url()}`);
    });
    const answer = await page.goto(`${address}${path}`);
    assert.equal(answer.status(), 200, path);
    return { page, close: async () => {
        await context.close();
        assert.deepEqual(faults, [], path);
    } };
}

async function fitsItsWidth(page, width, what) {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${what} is ${wide} pixels wide on a screen of ${width}`);
}

// Opens an operation of Swagger UI; what is in it.
async function operation(page, id) {
    const block = page.locator(`[id$="-${id}"].opblock`);
    if (!(await block.getAttribute("class")).includes("is-open")) await block.locator(".opblock-summary-control").click();
    await block.locator("button.execute").waitFor();
    return block;
}

// Executes an operation; its status and body.
async function execute(page, id, body) {
    const block = await operation(page, id);
    if (body) await block.locator("textarea.body-param__text").fill(JSON.stringify(body));
    const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname.startsWith("/api/"));
    await block.locator("button.execute").click();
    const answer = await answered;
    const shown = block.locator(".live-responses-table .response-col_status").last();
    await shown.waitFor();
    assert.match(await shown.innerText(), new RegExp(String(answer.status())));
    return { status: answer.status(), body: await answer.json() };
}

async function tryItOut(browser, address, documented) {
    const { page, close } = await open(browser, address, "/docs", DESKTOP);
    await page.locator(".opblock").nth(documented - 1).waitFor();
    assert.equal(await page.locator(".opblock").count(), documented, "operations in Swagger UI");
    await page.screenshot({ path: join(shots, "docs-desktop.png") });

    assert.equal((await execute(page, "usersGetMe")).status, 401, "without a token");
    assert.equal((await execute(page, "authRegister", ACCOUNT)).status, 201);
    const { email, password } = ACCOUNT;
    const login = await execute(page, "authLogin", { email, password });
    assert.equal(login.status, 200);

    await page.locator("button.authorize:not(.modal-btn)").first().click();
    await page.locator(".modal-ux input").fill(login.body.access_token);
    await page.locator(".modal-ux button.authorize").click();
    await page.locator(".modal-ux button.btn-done").click();
    const me = await execute(page, "usersGetMe");
    assert.equal(me.status, 200, "with a token");
    assert.equal(me.body.email, email);
    const plan = { city: "Rome", country: "Italy", start_date: "2026-03-15", end_date: "2026-03-20" };
    assert.equal((await execute(page, "travelsCreate", plan)).status, 201);
    await page.locator('[id$="-travelsCreate"].opblock').scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(shots, "docs-desktop-answer.png") });

    await page.locator('nav a[href="/redoc"]').click();
    await page.waitForURL(`${address}/redoc`);
    await page.locator('nav a[href="/docs"]').click();
    await page.waitForURL(`${address}/docs`);
    await page.locator(".opblock").first().waitFor();
    await close();
}

async function readIt(browser, address, documented) {
    const { page, close } = await open(browser, address, "/redoc", DESKTOP);
    const shown = page.locator('[data-section-id*="/operation/"]');
    await shown.nth(documented - 1).waitFor({ state: "attached" });
    assert.equal(await shown.count(), documented, "operations in Redoc");
    await page.screenshot({ path: join(shots, "redoc-desktop.png") });
    await page.locator('[data-section-id$="/operation/travelsCreate"]').scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(shots, "redoc-desktop-operation.png") });
    // The search works in a worker, which the policy of the page has to let it have.
    await page.locator('[role="search"] input').fill("password");
    await page.locator('[data-role="search:results"] li').first().waitFor();
    await close();
}

async function onAPhone(browser, address) {
    const docs = await open(browser, address, "/docs", PHONE);
    await docs.page.locator(".opblock").first().waitFor();
    await docs.page.screenshot({ path: join(shots, "docs-phone.png") });
    await fitsItsWidth(docs.page, PHONE.width, "/docs");
    const create = await operation(docs.page, "travelsCreate");
    await create.scrollIntoViewIfNeeded();
    await docs.page.screenshot({ path: join(shots, "docs-phone-operation.png") });
    await fitsItsWidth(docs.page, PHONE.width, "an operation of /docs");
    await docs.close();

    const redoc = await open(browser, address, "/redoc", PHONE);
    await redoc.page.locator('[data-section-id*="/operation/"]').first().waitFor({ state: "attached" });
    await redoc.page.screenshot({ path: join(shots, "redoc-phone.png") });
    await fitsItsWidth(redoc.page, PHONE.width, "/redoc");
    await redoc.page.locator('[data-section-id$="/operation/travelsCreate"]').scrollIntoViewIfNeeded();
    await redoc.page.screenshot({ path: join(shots, "redoc-phone-operation.png") });
    await redoc.close();
}

const { address, host } = await startApi();
let browser;
try {
    const document = await fetch(`${address}/openapi.json`).then((answer) => answer.json());
    const documented = Object.values(document.paths).flatMap((item) => Object.keys(item)).length;
    assert.ok(documented > 30, `${documented} operations`);
    browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox"] });
    await tryItOut(browser, address, documented);
    await readIt(browser, address, documented);
    await onAPhone(browser, address);
    console.log(`${documented} operations shown and tried out at ${address}; screenshots in ${shots}`);
} finally {
    await browser?.close();
    host.kill("SIGTERM");
}
