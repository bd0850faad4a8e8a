# The handler for those who host it themselves, with compose.yaml. Azure needs none of this: it runs the package.
# Not built where it was written; hadolint and checkov read it in .ci/run.

FROM rust:1.95.0-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends musl-tools=1.2.* \
    && rm -rf /var/lib/apt/lists/* \
    && rustup target add x86_64-unknown-linux-musl
WORKDIR /source
COPY . .
RUN cargo build --locked --release --package handler --bin handler --target x86_64-unknown-linux-musl

# A static binary needs nothing of a system but the certificates that it trusts.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /source/target/x86_64-unknown-linux-musl/release/handler /handler
USER 65532:65532
ENTRYPOINT ["/handler"]
