#!/usr/bin/env node
// InfluxDB line protocol, run again and again: how long the node is up, and its load.
import { hostname, loadavg, uptime } from 'node:os'

const [one = 0, five = 0] = loadavg()
console.log(`site_node,host=${hostname()} uptime=${uptime()},load1=${one},load5=${five}`)
