#!/bin/bash
# What the emulator asks of a server for snapshots and restores. The password of root is in
# MYSQL_PWD, and goes over TLS: the server takes nothing else.
#   backup.sh dump FILE                     every schema as of one moment, and its place in the log
#   backup.sh changes FILE LOG PLACE UNTIL  what began from that place on, and before UNTIL (UTC)
#   backup.sh load FILE
set -euo pipefail

account=(--host=127.0.0.1 --user=root --loose-ssl)
logs=/var/lib/mysql-binlog

client() {
    if [ -x /usr/bin/mariadb ]; then mariadb "${account[@]}" "$@"; else mysql "${account[@]}" "$@"; fi
}

answer() { client --skip-column-names --execute "$1"; }

dump() {
    local schemas tool=mysqldump options=(--single-transaction --routines --events --hex-blob)
    if [ -x /usr/bin/mariadb ]; then tool=mariadb-dump; else options+=(--set-gtid-purged=OFF); fi
    if [ "$(answer 'SELECT @@log_bin')" = 1 ]; then
        if [ "$tool" = mysqldump ]; then options+=(--source-data=2); else options+=(--master-data=2); fi
    fi
    mapfile -t schemas < <(answer "SELECT schema_name FROM information_schema.schemata WHERE
        schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')")
    "$tool" "${account[@]}" "${options[@]}" --databases "${schemas[@]}" >"$1"
}

changes() {
    local file=$1 first=$2 place=$3 until=$4 log read=mysqlbinlog
    local found=() needed=()
    if [ -x /usr/bin/mariadb ]; then read=mariadb-binlog; fi
    found=("$logs"/binlog.[0-9]*)
    for log in "${found[@]}"; do
        if [[ ! $log < $logs/$first ]]; then needed+=("$log"); fi
    done
    TZ=UTC "$read" --loose-skip-gtids --start-position="$place" --stop-datetime="$until" \
        "${needed[@]}" >"$file"
}

case $1 in
    dump) dump "$2" ;;
    changes) changes "$2" "$3" "$4" "$5" ;;
    load) client --binary-mode <"$2" ;;
esac
