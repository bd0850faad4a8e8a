// A client of the TravelMeetup API: it signs requests, refreshes tokens once for all who wait, keeps answers that have not
// changed, and throws what went wrong.
// It blocks: call it from Dispatchers.IO. It needs nothing that Android does not have.
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import java.net.URLEncoder
import java.util.Collections
import org.json.JSONObject

/** What the API refused, and why. */
class ApiException(val status: Int, val error: JSONObject?, val retryAfterSeconds: Int?) :
    Exception(error?.optString("message") ?: "HTTP $status") {
    /** For programs: `CONFLICT` and so on. */
    val code: String get() = error?.optString("code") ?: "UNKNOWN"
}

/** Where the tokens of this session are kept: encrypted by a key of the Android Keystore. */
interface TokenStore {
    var tokens: JSONObject?
}

/** The API. One for the whole app: that is what makes its refreshes single. */
class TravelMeetup(private val base: String, private val store: TokenStore) {
    /** What was answered, by address: its ETag and its text. */
    private val copies = Collections.synchronizedMap(object : LinkedHashMap<String, Pair<String, String>>() {
        override fun removeEldestEntry(eldest: MutableMap.MutableEntry<String, Pair<String, String>>) = size > 50
    })

    /** Sends a request and reads the answer; an empty one is an empty object. */
    fun send(
        method: String, path: String, query: Map<String, String> = emptyMap(),
        body: JSONObject? = null, signedIn: Boolean = true
    ): JSONObject {
        val parameters = query.map { (name, value) -> name + "=" + URLEncoder.encode(value, "UTF-8") }
        val address = base + path + if (parameters.isEmpty()) "" else parameters.joinToString("&", "?")
        if (!signedIn) return exchange(method, address, body, null)
        val token = store.tokens?.getString("access_token") ?: ""
        return try {
            exchange(method, address, body, token)
        } catch (refused: ApiException) {
            if (refused.status != 401) throw refused
            exchange(method, address, body, refresh(token))
        }
    }

    /** Signs in and keeps the tokens; answers with the user. */
    fun logIn(email: String, password: String): JSONObject {
        val credentials = JSONObject(mapOf("email" to email, "password" to password))
        val answer = send("POST", "/api/v1/auth/login", body = credentials, signedIn = false)
        copies.clear() // they may be somebody else's
        store.tokens = answer
        return answer.getJSONObject("user")
    }

    /** A new access token in place of this one. Who comes second finds that the first has got it. */
    @Synchronized
    private fun refresh(stale: String): String {
        val current = store.tokens ?: throw ApiException(401, null, null)
        if (current.getString("access_token") != stale) return current.getString("access_token")
        val body = JSONObject(mapOf("refresh_token" to current.getString("refresh_token")))
        val path = "/api/v1/auth/refresh"
        try {
            val next = try {
                send("POST", path, body = body, signedIn = false)
            } catch (lost: IOException) {
                // The answer was lost on the way: within 10 seconds the same token may be sent again.
                send("POST", path, body = body, signedIn = false)
            }
            store.tokens = next // before anything is sent with them
            return next.getString("access_token")
        } catch (refused: ApiException) {
            if (refused.status == 401) store.tokens = null // the session is over: show the sign-in screen
            throw refused
        }
    }

    private fun exchange(method: String, address: String, body: JSONObject?, token: String?): JSONObject {
        val connection = URL(address).openConnection() as HttpURLConnection
        connection.requestMethod = method
        connection.connectTimeout = 10_000
        connection.readTimeout = 30_000
        if (token != null) connection.setRequestProperty("Authorization", "Bearer $token")
        val copy = if (method == "GET") copies[address] else null
        if (copy != null) connection.setRequestProperty("If-None-Match", copy.first)
        if (body != null) {
            connection.doOutput = true
            connection.setRequestProperty("Content-Type", "application/json")
            connection.outputStream.use { it.write(body.toString().toByteArray()) }
        }
        val status = connection.responseCode
        if (copy != null && status == 304) return JSONObject(copy.second)
        val stream = if (status < 400) connection.inputStream else connection.errorStream
        val text = stream?.bufferedReader()?.use { it.readText() } ?: ""
        val json = if (text.isBlank()) JSONObject() else JSONObject(text)
        val etag = connection.getHeaderField("ETag")
        if (method == "GET" && status == 200 && etag != null) copies[address] = etag to text
        if (status < 400) return json
        throw ApiException(status, json.optJSONObject("error"), connection.getHeaderField("Retry-After")?.toIntOrNull())
    }
}
