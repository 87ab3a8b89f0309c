import { inspect, isDeepStrictEqual } from 'node:util'

/** What was checked, a sentence a line, and the count of it. */
export type Report = ReturnType<typeof createReport>

/** Prints as it goes. */
export function createReport () {
  let passed = 0
  let failed = 0

  function check (sentence: string, good: boolean, found?: unknown): void {
    if (good) passed++
    else failed++
    print(`${good ? 'ok' : 'not ok'} ${sentence}`)
    if (!good && found !== undefined) print(indent(typeof found === 'string' ? found : inspect(found, { depth: 6 })))
  }

  return {
    check,

    /** Checks that two values are the same all through. */
    equal (sentence: string, found: unknown, expected: unknown): void {
      check(sentence, isDeepStrictEqual(found, expected), { found, expected })
    },

    /** Says something that is neither good nor bad. */
    note: (text: string): void => print(`# ${text}`),

    /** Runs checks that belong together. What breaks off counts as failed, and the next section runs all the same. */
    async section (title: string, checks: () => Promise<void>): Promise<void> {
      print(`\n# ${title}`)
      try {
        await checks()
      } catch (error) {
        check(`${title}: runs to its end`, false, error)
      }
    },

    /** Prints the count. @returns the exit code */
    finish (): 0 | 1 {
      print(`\n${passed} passed, ${failed} failed`)
      return failed === 0 ? 0 : 1
    }
  }
}

function print (line: string): void {
  process.stdout.write(`${line}\n`)
}

const indent = (text: string) => text.replace(/^/gm, '    ')
