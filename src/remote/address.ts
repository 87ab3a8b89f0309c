/** Where the service is, and who asks it. */
export interface ServiceAddress { url: string, token: string, keyword: string }

/** How a path of the service is asked for. @param path as /introspect/batch */
export function addressOf ({ url, token, keyword }: ServiceAddress, path: string) {
  const { origin, pathname } = new URL(url)
  return { origin, path: pathname.replace(/\/+$/, '') + path, authorization: `${keyword} ${token}` }
}
