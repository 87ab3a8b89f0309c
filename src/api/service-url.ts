const URL_PATTERN = /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i

/** What is wrong with the address of a service: nothing, or one sentence. */
export const urlProblems = (url: unknown): string[] =>
  typeof url === 'string' && URL_PATTERN.test(url) && URL.canParse(url)
    ? []
    : ['url must be the address of a service, as https://auth.example.org, without user, query or fragment']
