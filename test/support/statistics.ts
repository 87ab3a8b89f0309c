/**
 * The value below which that share of the values lies, as the nearest rank.
 * @param share from 0 to 1
 */
export function quantile (values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
}

/** The value in the middle. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** To microseconds: what is finer is noise. */
export const round = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000
