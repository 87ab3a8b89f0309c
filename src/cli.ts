#!/usr/bin/env node
import { run } from './commands/program.js'

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  interactive: process.stdin.isTTY && process.stdout.isTTY
})
