# To be sourced, from the root of the repository: a server of one's own, on a free port, with a new database.
#
# start_server   builds and starts it, and sets `address`. It ends when the script ends.
# keep_packages FOLDER PLACE   installs what FOLDER/package-lock.json names into PLACE, unless it is there.

target=${CARGO_TARGET_DIR:-target}

start_server() {
    local log
    log=$(mktemp)
    cargo build --quiet --locked --package devhost --bin dev --package handler --bin handler
    # The real limits are for people; a match is looked for every other second.
    env -u DATABASE_URL ENVIRONMENT=development LOG_LEVEL=warn MATCH_SCAN_SCHEDULE='*/2 * * * * *' \
        RATE_LIMIT_AUTH_PER_MINUTE=10000 RATE_LIMIT_GENERAL_PER_MINUTE=10000 RATE_LIMIT_SEARCH_PER_MINUTE=10000 \
        "$target/debug/dev" --ephemeral --port 0 >"$log" 2>&1 </dev/null &
    server=$!
    server_log=$log
    trap stop_server EXIT
    for _ in $(seq 600); do
        address=$(sed -n 's|^ *API *\(http://[0-9.:]*\)/api/v1$|\1|p' "$log")
        [ -n "$address" ] && return
        kill -0 "$server" 2>/dev/null || break
        sleep 0.5
    done
    echo "the server did not start:" >&2
    cat "$log" >&2
    exit 1
}

stop_server() {
    local status=$?
    kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
    if [ "$status" -ne 0 ]; then
        grep -v '^info' "$server_log" | tail -n 20 >&2 || true
    fi
    rm -f "$server_log"
    exit "$status"
}

keep_packages() {
    local folder=$1 place=$2
    mkdir -p "$place"
    if ! cmp --quiet "$folder/package-lock.json" "$place/installed.json"; then
        cp "$folder/package.json" "$folder/package-lock.json" "$place/"
        (cd "$place" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
        cp "$folder/package-lock.json" "$place/installed.json"
    fi
}
