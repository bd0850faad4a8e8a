// swift-tools-version: 5.10
// A package with the client that Apple's generator makes of the document. The generator runs in every build.
import PackageDescription

let package = Package(
    name: "TravelMeetupClient",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "TravelMeetupClient", targets: ["TravelMeetupClient"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-openapi-generator", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-openapi-runtime", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-openapi-urlsession", from: "1.0.0"),
    ],
    targets: [
        .target(
            name: "TravelMeetupClient",
            dependencies: [
                .product(name: "OpenAPIRuntime", package: "swift-openapi-runtime"),
                .product(name: "OpenAPIURLSession", package: "swift-openapi-urlsession"),
            ],
            plugins: [.plugin(name: "OpenAPIGenerator", package: "swift-openapi-generator")]
        )
    ]
)
