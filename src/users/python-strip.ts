// What Python's str.isspace() takes for white space: JavaScript's \s adds U+FEFF, and lacks U+001C to U+001F and U+0085.
// eslint-disable-next-line no-control-regex
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

/** Trims as Python's `str.strip()` does, which DRF applies to usernames. */
export function strip (text: string): string {
  let start = 0
  let end = text.length
  while (start < end && WHITE_SPACE.test(text[start] as string)) start++
  while (end > start && WHITE_SPACE.test(text[end - 1] as string)) end--
  return text.slice(start, end)
}
