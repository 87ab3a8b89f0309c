import { isDeepStrictEqual } from 'node:util'
import type { Report } from '../../support/check-report.js'
import { exchange } from '../../support/raw-http.js'
import { createRandom, type Random } from '../fuzz/random.js'
import type { Handled, Router } from './router.js'
import type { Keys } from './service.js'

const AT_ONCE = 32
const SEED = 20_240_229
const SHOWN = 5

// To a proxy that tidies up each is public; a router with wildcards reads it otherwise.
const ATTACKS = [
  '/admin/../public/x', '/admin/..%2fpublic/x', '/admin/.%2e/public/x', '/admin/users%2f..%2f..%2fpublic/x', '/admin/%2e%2e/public/x', '/admin/%2E./public/x',
  '/admin/..%2Fpublic/x', '/admin/..%5cpublic/x', '/admin/..\\public/x', '/admin\\..\\public/x', '/admin/./../public/x', '/admin//../../public/x', '/admin/x/../../public/x',
  '/public/../admin/x', '/public/..%2fadmin/x', '/public/%2e%2e/admin/x', '/public/..;/admin/x', '/public/..%3b/admin/x', '/public/..\\admin/x', '/public/..%5cadmin/x',
  '/public/%252e%252e/admin/x', '/public/..%252fadmin/x', '/public/..', '/public/../admin', '/public/.', '//public/admin/x', '/public//../admin/x', '//public/../admin/x', '/public/x#/../../admin',
  '/admin#/../public/x', '/admin%23/../public/x', '/admin%3f/../public/x', '/orders/../public/x', '/orders%2f..%2fpublic/x', '/orders/..;/../public/x'
]
const METHODS = ['GET', 'DELETE', 'POST']

// What targets are made of: what is in order, and what is odd.
const PLAIN = ['/public/', '/admin', '/orders', '/x', 'x', 'a.txt', '/-', '_', '~', ';x=1', '%20', '%E2%84%AA', '?a=1', ':', '@', '*', '+', '=']
const ODD = [
  '/admin', '/orders', '/public/', '/public', 'admin', 'public', 'x', '/', '/', '/', '//', '/.', '/..', '..', '.', '...', '%2e', '%2E', '%2e%2e', '.%2e', '%2f', '%2F', '%5c', '%5C', '\\',
  '%252e', '%252f', '%255c', '%25', '%', '%zz', '%00', '%0a', '%09', '%20', '\t', ';', '%3b', ';x=1', '..;', '?', '%3f', '?a=/../', '#', '%23', ':', '@', '*', '+', '~', '&', '=', '%61dmin', '%70ublic',
  '/ADMIN', '/Public/', '/public/', '/public/x', 'a', 'b.txt', '-', '_', '%c0%ae', '%c0%af', '%ef%bc%8f', '%u002e', '\u00fc', '%E2%84%AA', 'http://127.0.0.1', 'http://127.0.0.1/public/', '//x', '[', ']', '|', '"', '<', '^'
]

/**
 * No target, of the known attacks or generated, brings who may not into a guarded handler: nobody but into `public`, a token
 * that is neither staff nor has the scope not into `admin` and `orders`.
 */
export async function checkTargets (report: Report, proxy: number, router: Router, keys: Keys, generated: number): Promise<void> {
  const send = (target: string, method: string, token: string | undefined) => exchange(proxy, Buffer.from(
    `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${proxy}\r\nConnection: close\r\nX-Case: ${token === undefined ? 'nobody' : 'caller'}\r\nContent-Length: 0\r\n` +
    `${token === undefined ? '' : `Authorization: Token ${token}\r\n`}\r\n`, 'latin1')).then(({ status }) => status, () => 0)

  router.take()
  const known = [await send('/public/x', 'GET', undefined), await send('/admin/x', 'GET', keys.staff), await send('/admin/x', 'GET', undefined)]
  const reached = router.take().map(({ handlers }) => [...new Set(handlers)])
  report.check('the router is reached by who may', isDeepStrictEqual([known, reached], [[200, 200, 401], [['public'], ['admin']]]), [known, reached])

  for (const target of ATTACKS) {
    const statuses = new Set<number>()
    for (const method of METHODS) for (const token of [undefined, keys.scopeless]) statuses.add(await send(target, method, token))
    report.equal(`${target} is refused`, { statuses: [...statuses], handled: router.take() }, { statuses: [400], handled: [] })
  }

  const random = createRandom(SEED)
  let left = generated
  const found = { nobody: 0, caller: 0 }
  const wrong: Handled[] = []
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      await send(generate(random), random.pick(METHODS), random.chance(0.3) ? keys.scopeless : undefined)
      for (const one of router.take()) {
        found[one.of as keyof typeof found]++
        const closed = one.of === 'nobody' ? ['admin', 'orders', 'rest'] : ['admin', 'orders']
        if (one.handlers.some((handler) => closed.includes(handler))) wrong.push(one)
      }
    }
  }))
  report.check(
    `of ${generated} generated targets none brings who may not into a guarded handler (${found.nobody} of nobody and ${found.caller} of a caller were handled)`,
    wrong.length === 0 && found.nobody > 0 && found.caller > 0,
    wrong.slice(0, SHOWN)
  )
}

function generate ({ int, pick, chance }: Random): string {
  const share = pick([0, 0.1, 0.5, 1])
  const target = pick(['/public/', '/admin/', '/', '']) + Array.from({ length: 1 + int(6) }, () => pick(chance(share) ? ODD : PLAIN)).join('')
  return chance(0.05) || /^(?:http|\/)/.test(target) ? target : `/${target}`
}
