// The types of the TravelMeetup API, made from its OpenAPI document by `cargo xtask docs`.
import Foundation

/// A change of password.
struct ChangePassword: Codable, Sendable {
    var currentPassword: String
    var newPassword: String
}

/// What there is between two people.
struct Connection: Codable, Sendable {
    let id: Int
    let status: RequestStatus
    let requester: UserSummary
    let receiver: UserSummary
    let createdAt: Date
    let updatedAt: Date
}

/// How the caller and another user stand to one another.
enum ConnectionStatus: String, Codable, Sendable {
    /// One that this client is too old to know.
    case unknown
    case `self` = "self"
    case none
    case pendingSent = "pending_sent"
    case pendingReceived = "pending_received"
    case connected

    init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }
}

/// A connection's plan.
struct ConnectionTravel: Codable, Sendable {
    let id: Int
    let userId: Int
    let city: String
    let country: String
    let startDate: String
    let endDate: String
    let description: String?
    let createdAt: Date
    let updatedAt: Date
    let user: UserSummary
}

/// A new plan. It lasts at most 366 days, its first and its last one counted.
struct CreateTravel: Codable, Sendable {
    var city: String
    var country: String
    var startDate: String
    var endDate: String
    var description: String?
}

/// How the database is.
struct DatabaseHealth: Codable, Sendable {
    let status: Status
    let engine: String
    let latencyMs: Double?
}

/// How everything is.
struct DetailedHealth: Codable, Sendable {
    let status: Status
    let version: String
    let database: DatabaseHealth
    let migrations: MigrationsHealth
    let matchScan: ScanHealth?
    let pool: PoolUse
}

/// What went wrong with a request.
struct ErrorBody: Codable, Sendable {
    let code: ErrorCode
    let message: String
    let details: [FieldError]
    let requestId: String
}

/// The codes of the contract; each belongs to one status.
enum ErrorCode: String, Codable, Sendable {
    /// One that this client is too old to know.
    case unknown
    case validationError = "VALIDATION_ERROR"
    case unauthorized = "UNAUTHORIZED"
    case forbidden = "FORBIDDEN"
    case notFound = "NOT_FOUND"
    case methodNotAllowed = "METHOD_NOT_ALLOWED"
    case conflict = "CONFLICT"
    case payloadTooLarge = "PAYLOAD_TOO_LARGE"
    case unsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
    case rateLimitExceeded = "RATE_LIMIT_EXCEEDED"
    case internalError = "INTERNAL_ERROR"
    case serviceUnavailable = "SERVICE_UNAVAILABLE"

    init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }
}

/// The body of every error response.
struct ErrorEnvelope: Codable, Sendable {
    let error: ErrorBody
    let timestamp: Date
}

/// One fault in a request: where, and what to do about it.
struct FieldError: Codable, Sendable {
    let field: String
    let message: String
}

/// Somebody with whom the caller is connected.
struct Friend: Codable, Sendable {
    let id: Int
    let user: UserSummary
    let connectedSince: Date
    let whereabouts: Whereabouts
}

/// How the process is.
struct Health: Codable, Sendable {
    let status: Status
    let version: String
}

/// A connection who lives there and is at home.
struct HomeCityMatch: Codable, Sendable {
    let userId: Int
    let displayName: String
    let profilePicUrl: String?
    let homeCity: String
    let homeCountry: String?
    let overlap: Overlap
}

/// A pair of tokens and whose it is.
struct LoggedIn: Codable, Sendable {
    let accessToken: String
    let refreshToken: String
    let tokenType: String
    let expiresIn: Int
    let user: LoggedInUser
}

/// The user that has logged in.
struct LoggedInUser: Codable, Sendable {
    let id: Int
    let email: String
    let displayName: String
    let profilePicUrl: String?
    let homeCity: String?
    let homeCountry: String?
}

/// Who wants to log in.
struct Login: Codable, Sendable {
    var email: String
    var password: String
}

/// How many notifications were marked as read.
struct MarkedRead: Codable, Sendable {
    let updated: Int
}

/// Where and when somebody looked.
struct MatchQuery: Codable, Sendable {
    let city: String
    let country: String?
    let startDate: String
    let endDate: String
}

/// One of the caller's connections who will be there.
struct MatchView: Codable, Sendable {
    let userId: Int
    let displayName: String
    let profilePicUrl: String?
    let travelPlan: MatchedPlan?
    let overlap: Overlap
    let matchType: String
    let homeCity: String?
    let homeCountry: String?
}

/// The plan of somebody one meets.
struct MatchedPlan: Codable, Sendable {
    let id: Int
    let startDate: String
    let endDate: String
    let description: String?
}

/// How the schema is.
struct MigrationsHealth: Codable, Sendable {
    let status: Status
    let message: String
}

/// Something the caller should know of.
struct Notification: Codable, Sendable {
    let id: Int
    let type: NotificationType
    let message: String
    let relatedEntityId: Int?
    let isRead: Bool
    let createdAt: Date
}

/// What a notification is about.
enum NotificationType: String, Codable, Sendable {
    /// One that this client is too old to know.
    case unknown
    case connectionRequest = "connection_request"
    case connectionAccepted = "connection_accepted"
    case travelMatch = "travel_match"

    init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }
}

/// The days on which two ranges meet.
struct Overlap: Codable, Sendable {
    let startDate: String
    let endDate: String
    let days: Int
}

/// A page of a list.
struct PagedConnectionTravel: Codable, Sendable {
    let data: [ConnectionTravel]
    let pagination: Pagination
}

/// A page of a list.
struct PagedFriend: Codable, Sendable {
    let data: [Friend]
    let pagination: Pagination
}

/// A page of a list.
struct PagedNotification: Codable, Sendable {
    let data: [Notification]
    let pagination: Pagination
}

/// A page of a list.
struct PagedPendingRequest: Codable, Sendable {
    let data: [PendingRequest]
    let pagination: Pagination
}

/// A page of a list.
struct PagedPublicProfile: Codable, Sendable {
    let data: [PublicProfile]
    let pagination: Pagination
}

/// A page of a list.
struct PagedSession: Codable, Sendable {
    let data: [Session]
    let pagination: Pagination
}

/// A page of a list.
struct PagedTravelView: Codable, Sendable {
    let data: [TravelView]
    let pagination: Pagination
}

/// Where a page stands in the whole list.
struct Pagination: Codable, Sendable {
    let limit: Int
    let offset: Int
    let total: Int
    let hasMore: Bool
}

/// A request that waits for an answer, as one of the two sees it.
struct PendingRequest: Codable, Sendable {
    let id: Int
    let status: RequestStatus
    let user: UserSummary
    let createdAt: Date
}

/// A plan of the caller's, without its description.
struct PlanInShort: Codable, Sendable {
    let id: Int
    let city: String
    let country: String
    let startDate: String
    let endDate: String
}

/// Who will be where one goes, and the plan that this answers.
struct PlanMatches: Codable, Sendable {
    let travelPlan: PlanInShort
    let matches: [MatchView]
    let totalMatches: Int
}

/// How many connections there are.
struct PoolUse: Codable, Sendable {
    let size: Int
    let inUse: Int
}

/// One's own profile.
struct PrivateProfile: Codable, Sendable {
    let id: Int
    let email: String
    let displayName: String
    let bio: String?
    let profilePicUrl: String?
    let homeCity: String?
    let homeCountry: String?
    let createdAt: Date
    let updatedAt: Date
}

/// Somebody's profile, as others see it.
struct PublicProfile: Codable, Sendable {
    let id: Int
    let displayName: String
    let bio: String?
    let profilePicUrl: String?
    let homeCity: String?
    let homeCountry: String?
    let createdAt: Date
    let connectionStatus: ConnectionStatus
}

/// Who will be there, and the question that this answers.
struct QueryMatches: Codable, Sendable {
    let query: MatchQuery
    let matches: [MatchView]
    let totalMatches: Int
}

/// Whether requests can be served.
struct Readiness: Codable, Sendable {
    let status: Status
    let reason: String?
}

/// A refresh token to be spent.
struct Refresh: Codable, Sendable {
    var refreshToken: String
}

/// A new account.
struct Register: Codable, Sendable {
    var email: String
    var password: String
    var displayName: String
    var bio: String?
    var profilePicUrl: String?
    var homeCity: String?
    var homeCountry: String?
}

/// Whom to ask.
struct RequestConnection: Codable, Sendable {
    var receiverUserId: Int
}

/// How far two people have come.
enum RequestStatus: String, Codable, Sendable {
    /// One that this client is too old to know.
    case unknown
    case pending
    case accepted
    case rejected

    init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }
}

/// What the match scan has before it.
struct ScanHealth: Codable, Sendable {
    let waiting: Int
    let oldestWaitingSince: Date?
    let setAside: Int
}

/// One login that is still good.
struct Session: Codable, Sendable {
    let id: String
    let createdAt: Date
    let lastUsedAt: Date
    let expiresAt: Date
    let userAgent: String?
    let current: Bool
}

/// Whether something is well.
enum Status: String, Codable, Sendable {
    /// One that this client is too old to know.
    case unknown
    case ok
    case unavailable

    init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }
}

/// An access token and the refresh token that gets the next pair.
struct TokenPair: Codable, Sendable {
    let accessToken: String
    let refreshToken: String
    let tokenType: String
    let expiresIn: Int
}

/// A travel plan.
struct TravelView: Codable, Sendable {
    let id: Int
    let userId: Int
    let city: String
    let country: String
    let startDate: String
    let endDate: String
    let description: String?
    let createdAt: Date
    let updatedAt: Date
}

/// A connection who travels to the same place. One with several plans there is listed once a plan.
struct TravelingMatch: Codable, Sendable {
    let userId: Int
    let displayName: String
    let profilePicUrl: String?
    let travelPlan: MatchedPlan
    let overlap: Overlap
}

/// How many notifications wait.
struct UnreadCount: Codable, Sendable {
    let unreadCount: Int
}

/// A change of one's profile: absent fields stay as they are, `null` clears.
struct UpdateProfile: Codable, Sendable {
    var displayName: String?
    var bio: String?
    var profilePicUrl: String?
    var homeCity: String?
    var homeCountry: String?
}

/// A change of a plan: absent fields stay as they are.
struct UpdateTravel: Codable, Sendable {
    var city: String?
    var country: String?
    var startDate: String?
    var endDate: String?
    var description: String?
}

/// A user in a few words (contract, "user summary").
struct UserSummary: Codable, Sendable {
    let id: Int
    let displayName: String
    let profilePicUrl: String?
    let homeCity: String?
    let homeCountry: String?
}

/// Where somebody is today (UTC), as far as their plans and their home tell.
struct Whereabouts: Codable, Sendable {
    let kind: WhereaboutsKind
    let city: String?
    let country: String?
    let until: String?
}

/// How it is known where somebody is.
enum WhereaboutsKind: String, Codable, Sendable {
    case traveling
    case home
    case unknown

    init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }
}
