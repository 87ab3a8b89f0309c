import { METHODS } from 'node:http'
import type { Accounts } from './accounts.js'
import { changeBytes, insertText } from './bytes.js'
import { type Draft, latin1, setHeader } from './draft.js'
import type { Random } from './random.js'
import { nested, oddJson, oddString } from './values.js'

type Mutation = (random: Random, request: Draft, accounts: Accounts) => void

const CONTENT_TYPES = [
  'application/json', 'application/x-www-form-urlencoded', 'multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="a b"',
  'multipart/form-data; boundary=BoUnDaRy; charset=utf-16', 'multipart/mixed; boundary=BoUnDaRy', 'application/json; charset=utf-16', 'application/json; charset=latin1',
  'application/json; charset=nobody', 'application/json; charset=', 'application/json;charset=utf-7', 'APPLICATION/JSON', ' application/json ', 'application/json,text/plain',
  'text/plain', 'application/xml', '*/*', '/', ';', '', 'application/json\u0000', 'a'.repeat(5000), 'application/vnd.api+json', 'application/x-www-form-urlencoded; charset=utf-16le'
]
const HEADERS = [
  'Authorization', 'Host', 'Cookie', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'Forwarded', 'Accept', 'Accept-Encoding', 'Range', 'If-None-Match', 'Expect', 'Upgrade',
  'Connection', 'Content-Encoding', 'Referer', 'User-Agent', 'X-Request-Id', 'Origin', 'X-HTTP-Method-Override', '__proto__', 'constructor', 'Te', 'Trailer', 'Date'
]
const VALUES = [
  '', ' ', ',', '*', '127.0.0.1', '::1', 'unknown', 'evil.example, 127.0.0.1', '999.999.999.999', 'https', 'javascript', 'a:b@c', '[::1', 'host:99999', '100-continue', '200-ok',
  'websocket', 'h2c', 'close', 'keep-alive, Upgrade', 'gzip', 'bytes=0-0', 'bytes=-1', 'bytes=99999-', 'W/"x"', 'DELETE', '__proto__=1; a=b', '%00', '\x7f', 'é'
]
const KEYWORDS = ['Token', 'token', 'Bearer', 'Basic', 'Token,Token', 'Tok\u00e9n', '']
const PATH_PIECES = [
  '%00',
  '%2e%2e',
  '%2f',
  '%5c',
  '%',
  '%zz',
  '%c0%af',
  '%ed%a0%80',
  '%u0041',
  '%25',
  '%2500',
  '//',
  '/./',
  '/../',
  ';',
  ';a=b',
  '?',
  '??',
  '#',
  '&',
  '=',
  '\\',
  ':',
  '*',
  '::',
  '/:username',
  '%0d%0a',
  '\x80',
  '\xff',
  latin1('é'),
  '{',
  '|',
  '"',
  '__proto__',
  '[]',
  '+',
  '~'
]
const QUERY_PIECES = [
  'page=2', 'page[]=1', 'page=1&page=2', 'page_size=1&page_size=2', '__proto__=1', '__proto__[page]=1', 'constructor=1',
  'search=%', 'search=%ff', 'search=%00', 'search=%ed%a0%80', '=', '&&', 'a=b=c', '%', 'token=x', 'hasOwnProperty=1',
  'search=a&search=b', 'page=%31', 'search[a]=b'
]

/** Changes of what is asked for, and how. */
export const CONTENT: Mutation[] = [
  function otherMethod (random, request) {
    request.method = random.chance(0.8)
      ? random.pick(METHODS)
      : random.pick(['get', 'GETS', 'QUERY', 'G\x00T', '', 'POST\t'])
  },
  function otherVersion (random, request) {
    request.version = random.pick([
      'HTTP/1.0', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'HTTP/1.1 ', ''
    ])
  },
  function pathPiece (random, request) { request.target = insertText(random, request.target, random.pick(PATH_PIECES)) },
  function longPath (random, request) {
    request.target = insertText(
      random,
      request.target,
      random.pick(['a', '/', '%41', '/..', '%F0%9F%98%80']).repeat(1 + random.int(1500))
    )
  },
  function encodedPath (random, request) {
    request.target = request.target.replace(/[\w/.-]/g, (letter) => random.chance(0.3)
      ? percent(letter)
      : letter)
  },
  function upperCasePath (_random, request) { request.target = request.target.toUpperCase() },
  function absoluteTarget (random, request) {
    request.target = random.pick([
      'http://evil.example', 'https://127.0.0.1:1', 'http://', '//evil.example', 'ftp://a@b', 'evil.example', '*', ''
    ]) + request.target
  },
  function query (random, request) { request.target += (request.target.includes('?') ? '&' : '?') + random.pick(QUERY_PIECES) },
  function oddQuery (random, request) { request.target += `?${random.pick(['search', 'page', 'page_size', 'a', ''])}=${percentAll(oddString(random))}` },
  function trailingSlash (_random, request) {
    request.target = request.target.endsWith('/')
      ? request.target.slice(0, -1)
      : `${request.target}/`
  },

  function contentType (random, request) {
    setHeader(
      request,
      'Content-Type',
      random.chance(0.1) ? undefined : random.pick(CONTENT_TYPES)
    )
  },
  function header (random, request) { request.headers.push([random.pick(HEADERS), random.pick(VALUES)]) },
  function oddHeader (random, request) { request.headers.push([random.pick(HEADERS), latin1(oddString(random)).replace(/[\r\n]/g, '')]) },
  function manyHeaders (random, request) { for (let i = random.int(300); i >= 0; i--) request.headers.push([`X-${i}`, 'a']) },
  function longHeader (random, request) {
    request.headers.push([
      random.pick(HEADERS),
      random.pick(['a', ',', ' ', 'a,', '\xff', 'Token ']).repeat(random.int(8000))
    ])
  },
  function controlByte (random, request) {
    changeHeader(random, request, (value) => insertText(
      random,
      value,
      String.fromCharCode(random.pick([0, 1, 7, 8, 9, 11, 12, 13, 27, 127, 128, 160, 255]))
    ))
  },
  function lineBreak (random, request) {
    changeHeader(random, request, (value) => insertText(
      random,
      value,
      random.pick(['\r\n', '\n', '\r\n ', '\r\n\r\n', '\r\nX-Injected: 1', '\n\n', '\r\nContent-Length: 5'])
    ))
    request.whole = false
  },
  function oddHeaderName (random, request) {
    request.headers.push([
      random.pick([
        '',
        ' ',
        'A B',
        'Authorization ',
        ' Authorization',
        'Authoriz\x00ation',
        'é',
        ':',
        'Content-Length\t',
        '(',
        'A\r',
        'X_Y'
      ]),
      'a'
    ])
    request.whole = false
  },
  function authorization (random, request, { byId, administrator }) {
    const token = random.chance(0.5) ? administrator.token : random.pick([...byId.values()]).token
    const key = random.pick([
      token,
      token?.slice(0, -1),
      token?.toUpperCase(),
      `${token}${token}`,
      `${token} x`,
      `"${token}"`,
      `${token}\x00`,
      `${token}%00`,
      latin1(oddString(random)).replace(/[\r\n]/g, ''),
      '',
      "' or 1=1 --",
      '\xff',
      '*'
    ])
    if (random.chance(0.7)) setHeader(request, 'Authorization', undefined)
    request.headers.push(['Authorization', `${random.pick(KEYWORDS)}${random.pick([' ', '  ', '\t', '', ':', ','])}${key}`])
  },
  function misplacedToken (random, request, { byId, administrator }) {
    const token = (random.chance(0.5) ? administrator.token : random.pick([...byId.values()]).token) ?? ''
    const place = random.int(7)
    if (place === 0) request.target += `${request.target.includes('?') ? '&' : '?'}token=${token}`
    else if (place === 1) request.target = `${request.target.replace(/\/$/, '')}/${token}`
    else if (place === 2) {
      request.body = Buffer.concat([
        request.body,
        Buffer.from(random.pick([`&token=${token}`, token, `{"token":"${token}"}`]))
      ])
    } else if (place === 3) request.method = token
    else if (place === 4) request.version = `HTTP/${token}`
    else if (place === 5) request.headers.push([token, token])
    else {
      request.headers.push([
        random.pick([...HEADERS, 'Content-Type', 'X-Api-Key']),
        random.pick([token, `Token ${token}`, `sessionid=${token}`])
      ])
    }
    if (place === 4) request.whole = false
  },

  function flippedBody (random, request) { request.body = changeBytes(random, request.body) },
  function cutBody (random, request) { request.body = request.body.subarray(0, random.int(request.body.length + 1)) },
  function repeatedBody (random, request) { request.body = Buffer.concat(Array.from({ length: 1 + random.int(4) }, () => request.body)) },
  function oddBody (random, request) { request.body = Buffer.from(random.pick([oddJson, nested, oddString])(random)) },
  function randomBody (random, request) { request.body = random.bytes(random.int(300)) },
  function largeBody (random, request) {
    request.body = Buffer.concat([
      request.body,
      Buffer.alloc(random.int(40_000), random.pick([' ', 'a', '[', '{"a":', '\0', '&a=b', '--BoUnDaRy\r\n']))
    ])
  },
  function otherEncoding (random, request) {
    request.body = Buffer.from(
      random.pick(['', '\ufeff']) + request.body.toString(),
      random.pick(['utf16le', 'latin1', 'utf8'] as const)
    )
  },
  function oddMember (random, request) {
    const name = random.pick(['username', 'password', 'email', 'first_name', 'is_active', '__proto__', 'constructor', 'x'])
    request.body = Buffer.from(request.body.toString().replace(/\}$/, `,"${name}":${oddJson(random)}}`))
  },
  function oddField (random, request) {
    request.body = Buffer.concat([
      request.body,
      Buffer.from(`&${random.pick(['username', 'password', '__proto__', 'a', ''])}=${percentAll(oddString(random))}`)
    ])
  },
  function oddPart (random, request) {
    const disposition = random.pick([
      'form-data',
      'form-data; name=username',
      'form-data; name="password"; filename="a"',
      'form-data; name=""',
      'attachment',
      `form-data; name="${'a'.repeat(3000)}"`,
      'form-data; name="__proto__"',
      'form-data; name*=utf-8\'\'%zz'
    ])
    const part = `--BoUnDaRy\r\n${random.pick(['', 'Content-Type: text/plain; charset=utf-16\r\n', 'Content-Transfer-Encoding: base64\r\n'])}Content-Disposition: ${disposition}\r\n\r\n${random.pick(['x', '', '\0', '\r\n'])}\r\n`
    request.body = Buffer.concat([Buffer.from(part), request.body])
    if (random.chance(0.5)) setHeader(request, 'Content-Type', 'multipart/form-data; boundary=BoUnDaRy')
  }
]

function changeHeader (random: Random, request: Draft, change: (value: string) => string): void {
  const header = random.pick(request.headers)
  if (header !== undefined) header[1] = change(header[1])
}

const percent = (letter: string): string => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`

const percentAll = (text: string): string => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
