import { existsSync, readFileSync } from 'node:fs'

// package.json stands two folders up from src/service and dist/src/cli.js, three from dist/src/service and dist/src/cli.
const file = ['../../package.json', '../../../package.json'].map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url))

/** The version of this package. */
export const version: string = file === undefined ? '0.0.0' : JSON.parse(readFileSync(file, 'utf8')).version
