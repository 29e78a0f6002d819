#!/bin/sh
# Prometheus text, run again and again: how many sessions each user has.
echo '# HELP site_logins Sessions, by user.'
echo '# TYPE site_logins gauge'
who | awk '{ count[$1]++ } END { for (user in count) printf "site_logins{user=\"%s\"} %d\n", user, count[user] }'
