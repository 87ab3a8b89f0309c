/**
 * A program whose coverage is not collected, and into which no test runner puts itself: what is compiled otherwise than
 * the tests would have it counted against other lines.
 */
export const withoutCoverage = (program: string, ...args: string[]): [string, string[]] =>
  ['env', ['-u', 'NODE_OPTIONS', '-u', 'NODE_V8_COVERAGE', program, ...args]]
