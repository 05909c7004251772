#!/bin/bash
# Gives the server a certificate for its own address, then starts it: the official image's way
# where that is the base, else MariaDB with the same environment variables and options.
set -euo pipefail

authority=/etc/local-tls
tls=/run/local-tls
data=/var/lib/mysql

make_certificate() {
    local names="DNS:localhost,DNS:$HOSTNAME,IP:127.0.0.1" address
    for address in $(getent ahosts "$HOSTNAME" | cut -d' ' -f1 | sort -u); do
        names+=",IP:$address"
    done
    mkdir -p "$tls"
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$HOSTNAME" \
        -keyout "$tls/server.key" -out "$tls/server.csr"
    openssl x509 -req -in "$tls/server.csr" -CA "$authority/ca.pem" -CAkey "$authority/ca.key" \
        -days 3650 -set_serial "0x$(openssl rand -hex 16)" -out "$tls/server.pem" \
        -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$names")
    cp "$authority/ca.pem" "$tls/ca.pem"
    chown -R mysql: "$tls"
}

sql_string() {
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\'\'}"
}

# MariaDB reads one statement a line here. The account named in the environment is what RDS calls
# the master user: it may create other accounts.
first_start_statements() {
    printf "CREATE USER root@'%%' IDENTIFIED BY %s;\n" "$(sql_string "$MYSQL_ROOT_PASSWORD")"
    printf "GRANT ALL ON *.* TO root@'%%' WITH GRANT OPTION;\n"
    if [ -n "${MYSQL_DATABASE:-}" ]; then
        printf 'CREATE DATABASE IF NOT EXISTS `%s`;\n' "$MYSQL_DATABASE"
    fi
    if [ -n "${MYSQL_USER:-}" ] && [ "$MYSQL_USER" != root ]; then
        local account
        account="$(sql_string "$MYSQL_USER")@'%'"
        printf "CREATE USER %s IDENTIFIED BY %s;\n" "$account" "$(sql_string "$MYSQL_PASSWORD")"
        printf "GRANT ALL ON *.* TO %s WITH GRANT OPTION;\n" "$account"
    fi
}

make_certificate
server_tls=("--ssl-ca=$tls/ca.pem" "--ssl-cert=$tls/server.pem" "--ssl-key=$tls/server.key")

# Options alone, or a server's name before them.
case "${1:-}" in mysqld | mariadbd) shift ;; esac

if [ -x /usr/local/bin/docker-entrypoint.sh ]; then
    exec docker-entrypoint.sh mysqld "$@" "${server_tls[@]}"
fi

mkdir -p /run/mysqld
chown mysql: /run/mysqld "$data"
if [ ! -d "$data/mysql" ]; then
    mariadb-install-db --user=mysql --datadir="$data" --skip-test-db >/dev/null
    (umask 077 && first_start_statements >/run/mysqld/first-start.sql)
    chown mysql: /run/mysqld/first-start.sql
    set -- "$@" --init-file=/run/mysqld/first-start.sql
fi
exec mariadbd --user=mysql --datadir="$data" --bind-address=0.0.0.0 --skip-name-resolve \
    "$@" "${server_tls[@]}"
