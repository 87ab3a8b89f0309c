import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/repository.js'

const GUIDE = join(ROOT, 'docs', 'proxies.md')

/** Where the guide's addresses really are. */
export interface Places {
  service: number
  backend: number
  /** Where clients come to. */
  proxy: number
}

/** A configuration as the guide has it: what is in it beside the addresses is never changed. */
export interface GuideFile {
  /** What its first line says it is. */
  path: string
  /** @param folder in which the guide's files are */
  text (places: Places, folder: string): string
}

/** The blocks of one language in the guide, in order. */
const blocks = (language: string): string[] =>
  [...readFileSync(GUIDE, 'utf8').matchAll(/^```(.*)\n([^]*?)^```$/gm)].flatMap(([, found, code = '']) => found === language ? [code] : [])

/** The guide's calls, each with the program that it needs. */
export function guideCalls (places: Places): Array<{ program: string, script: string }> {
  const lines = blocks('').flatMap((block) => block.split('\n')).filter((line) => /^(?:curl|http) /.test(line))
  return [
    ...lines.map((line) => ({ program: line.split(' ')[0] as string, script: line })),
    ...blocks('python').filter((code) => code.includes('import requests')).map((code) => ({ program: 'python3', script: code }))
  ].map(({ program, script }) => ({ program, script: place(script, places, '').replaceAll('127.0.0.1:8080', `127.0.0.1:${places.proxy}`) }))
}

/** The configurations of one language in the guide, in order. */
export function guideFiles (language: string): GuideFile[] {
  const found = blocks(language)
  if (found.length === 0) throw new Error(`docs/proxies.md has no configuration in ${language}`)
  return found.map((code) => {
    const path = /^(?:#|--) (\/etc\/\S+)\n/.exec(code)?.[1]
    if (path === undefined) throw new Error(`A configuration in ${language} does not name its file`)
    return { path, text: (places, folder) => place(code, places, folder) }
  })
}

const place = (code: string, { service, backend, proxy }: Places, folder: string): string => code
  .replaceAll('127.0.0.1:8000', `127.0.0.1:${service}`)
  .replaceAll('127.0.0.1:9000', `127.0.0.1:${backend}`)
  .replace(/^(\s*listen )8080;/m, `$1127.0.0.1:${proxy};`)
  .replace(/^(\s*bind ):8080$/m, `$1127.0.0.1:${proxy}`)
  .replace(/^:8080 \{$/m, `http://127.0.0.1:${proxy} {\n\tbind 127.0.0.1`)
  .replaceAll(/\/etc\/haproxy\//g, `${folder}/`)
