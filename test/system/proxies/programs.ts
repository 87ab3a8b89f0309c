import { mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { environment, type Running, runProgram, startProgram } from '../../support/child-program.js'
import { guideFiles, type Places } from './guide.js'
import { listening } from './service.js'

/** A proxy that the guide has a tested configuration for. */
export interface Program {
  name: string
  /** How it is called. */
  command: string
  /** What `--version` or the like says. */
  version: { args: string[] }
  /** Languages of its configurations in the guide. */
  languages: string[]
  /** What it needs around them, and how it is run. @returns its arguments */
  prepare (folder: string, files: string[]): string[]
  /** The status where the service does not answer. */
  away: number
  /** Whether a 403's challenge reaches the client. */
  forwardsChallengeOf403: boolean
  /** Whether fields behind a chunked body reach the backend; as such, never as headers. */
  passesTrailers: boolean
}

const NGINX_MAIN = (folder: string, server: string) => `
daemon off;
user ${userInfo().username};
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  include ${server};
}
`

const CADDY_GLOBAL = '{\n\tadmin off\n\tauto_https off\n}\n'

/** nginx, as Debian has it. */
export const nginx: Program = {
  name: 'nginx',
  command: 'nginx',
  version: { args: ['-v'] },
  languages: ['nginx'],
  prepare (folder, [, server = '']) {
    const main = join(folder, 'nginx.conf')
    writeFileSync(main, NGINX_MAIN(folder, server))
    return ['-p', folder, '-c', main, '-e', 'stderr']
  },
  away: 500,
  forwardsChallengeOf403: false,
  passesTrailers: false
}

const caddy: Program = {
  name: 'caddy',
  command: 'caddy',
  version: { args: ['version'] },
  languages: ['caddy'],
  prepare: (_folder, [file = '']) => ['run', '--config', file, '--adapter', 'caddyfile'],
  away: 502,
  forwardsChallengeOf403: true,
  passesTrailers: false
}

// Debian's Caddy is years old: CADDY names a program of version 2.11.8 or newer, to be tested beside it.
const { CADDY } = process.env
const newerCaddy: Program[] = CADDY === undefined ? [] : [{ ...caddy, name: 'newer-caddy', command: CADDY, passesTrailers: true }]

/** The proxies, as Debian has them. */
export const PROGRAMS: Program[] = [
  nginx,
  caddy,
  ...newerCaddy,
  {
    name: 'haproxy',
    command: 'haproxy',
    version: { args: ['-v'] },
    languages: ['lua', 'haproxy'],
    prepare: (_folder, [, file = '']) => ['-db', '-f', file],
    away: 503,
    forwardsChallengeOf403: true,
    passesTrailers: true
  }
]

/** The proxy's version, or null where it is not installed. */
export async function versionOf ({ command, version }: Program): Promise<string | null> {
  try {
    const { output, errors } = await runProgram(command, version.args)
    return `${output}${errors}`.split('\n')[0] ?? ''
  } catch {
    return null
  }
}

/** Starts a proxy with the guide's configuration, of which only the addresses are others. */
export async function startProxy (program: Program, places: Places, folder: string): Promise<Running> {
  mkdirSync(folder, { recursive: true })
  const files = program.languages.flatMap((language) => guideFiles(language)).map(({ path, text }) => {
    const file = join(folder, basename(path))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${program.languages.includes('caddy') ? CADDY_GLOBAL : ''}${text(places, folder)}`)
    return file
  })
  const running = await startProgram(program.command, program.prepare(folder, files), null, {
    cwd: folder,
    env: environment({ HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder })
  })
  try {
    await listening(places.proxy)
  } catch (error) {
    await running.stop()
    throw new Error(`${program.name} did not start: ${running.errors.join('')}${running.lines.join('\n')}`, { cause: error })
  }
  return running
}
