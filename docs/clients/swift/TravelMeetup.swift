// A client of the TravelMeetup API: it signs requests, refreshes tokens once for all who wait, keeps answers that have not
// changed, and throws what went wrong.
// Beside it: Models.swift, the types of the API.
import Foundation
import Security

/// What the API refused, and why.
struct APIError: Error, Sendable {
    let status: Int
    let body: ErrorBody?
    let retryAfter: TimeInterval?
}

/// The tokens of this session, in the Keychain: not in a backup, not on another device.
enum TokenStore {
    private static var item: [String: Any] {
        [
            kSecClass as String: kSecClassGenericPassword, kSecAttrService as String: "TravelMeetup",
            kSecAttrAccount as String: "tokens",
        ]
    }

    static func load() -> TokenPair? {
        var found: CFTypeRef?
        let query = item.merging([kSecReturnData as String: true]) { $1 }
        guard SecItemCopyMatching(query as CFDictionary, &found) == errSecSuccess, let data = found as? Data else { return nil }
        return try? JSONDecoder().decode(TokenPair.self, from: data)
    }

    static func save(_ tokens: TokenPair?) {
        SecItemDelete(item as CFDictionary)
        guard let tokens, let data = try? JSONEncoder().encode(tokens) else { return }
        // Readable in the background too, once the phone was unlocked after its start.
        let access = [kSecValueData as String: data, kSecAttrAccessible as String: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly] as [String: Any]
        SecItemAdd(item.merging(access) { $1 } as CFDictionary, nil)
    }
}

/// The API. One for the whole app: that is what makes its refreshes single.
actor TravelMeetup {
    private let base: URL
    private var refreshing: Task<TokenPair, any Error>?
    /// What was answered, to be asked for again by its ETag.
    private var copies: [URL: (etag: String, data: Data)] = [:]

    init(base: URL) { self.base = base }

    /// Sends a request and reads the answer.
    func send<Answer: Decodable>(
        _ method: String, _ path: String, query: [String: String] = [:],
        body: (any Encodable & Sendable)? = nil, signedIn: Bool = true
    ) async throws -> Answer {
        let data = try await data(method, path, query, body, signedIn)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(Answer.self, from: data)
    }

    /// Sends a request whose answer is empty.
    func send(
        _ method: String, _ path: String, query: [String: String] = [:],
        body: (any Encodable & Sendable)? = nil, signedIn: Bool = true
    ) async throws {
        _ = try await data(method, path, query, body, signedIn)
    }

    /// Signs in and keeps the tokens.
    func logIn(email: String, password: String) async throws -> LoggedInUser {
        let answer: LoggedIn = try await send("POST", "/api/v1/auth/login", body: Login(email: email, password: password), signedIn: false)
        copies.removeAll() // they may be somebody else's
        TokenStore.save(TokenPair(accessToken: answer.accessToken, refreshToken: answer.refreshToken, tokenType: answer.tokenType, expiresIn: answer.expiresIn))
        return answer.user
    }

    private func data(_ method: String, _ path: String, _ query: [String: String], _ body: (any Encodable & Sendable)?, _ signedIn: Bool) async throws -> Data {
        var parts = URLComponents(url: base.appending(path: path), resolvingAgainstBaseURL: false)!
        if !query.isEmpty { parts.queryItems = query.map { URLQueryItem(name: $0.key, value: $0.value) } }
        var request = URLRequest(url: parts.url!)
        request.httpMethod = method
        if let body {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            request.httpBody = try encoder.encode(body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        guard signedIn else { return try await exchange(request) }
        let token = TokenStore.load()?.accessToken ?? ""
        do {
            return try await exchange(request, token)
        } catch let error as APIError where error.status == 401 {
            // Somebody else may have refreshed meanwhile.
            if let current = TokenStore.load()?.accessToken, current != token { return try await exchange(request, current) }
            return try await exchange(request, try await refresh().accessToken)
        }
    }

    /// However many ask at once, one refresh is sent.
    private func refresh() async throws -> TokenPair {
        if let refreshing { return try await refreshing.value }
        let task = Task { try await rotate() }
        refreshing = task
        defer { refreshing = nil }
        return try await task.value
    }

    private func rotate() async throws -> TokenPair {
        let old = Refresh(refreshToken: TokenStore.load()?.refreshToken ?? "")
        do {
            let next: TokenPair
            do { next = try await send("POST", "/api/v1/auth/refresh", body: old, signedIn: false) }
            // The answer was lost on the way: within 10 seconds the same token may be sent again.
            catch is URLError { next = try await send("POST", "/api/v1/auth/refresh", body: old, signedIn: false) }
            TokenStore.save(next) // before anything is sent with them
            return next
        } catch let error as APIError where error.status == 401 {
            TokenStore.save(nil) // the session is over: show the sign-in screen
            throw error
        }
    }

    private func exchange(_ request: URLRequest, _ token: String? = nil) async throws -> Data {
        var request = request
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        request.cachePolicy = .reloadIgnoringLocalCacheData
        let address = request.httpMethod == "GET" ? request.url : nil
        let copy = address.flatMap { copies[$0] }
        if let copy { request.setValue(copy.etag, forHTTPHeaderField: "If-None-Match") }
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let http = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        if let copy, http.statusCode == 304 { return copy.data }
        if let address, http.statusCode == 200, let etag = http.value(forHTTPHeaderField: "ETag") {
            if copies.count >= 50 { copies.removeAll() }
            copies[address] = (etag, data)
        }
        guard 200..<300 ~= http.statusCode else {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            decoder.dateDecodingStrategy = .iso8601
            let wait = http.value(forHTTPHeaderField: "Retry-After").flatMap(TimeInterval.init)
            throw APIError(status: http.statusCode, body: try? decoder.decode(ErrorEnvelope.self, from: data).error, retryAfter: wait)
        }
        return data
    }
}
