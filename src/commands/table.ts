/**
 * A line of a table.
 * @param cells what stands in it; characters that steer a terminal are replaced, since a name may come from somebody else's database
 * @param widths of the columns, but the last
 */
export const tableLine = (cells: readonly string[], widths: readonly number[]): string =>
  cells.map((cell, i) => cell.replace(/\p{C}/gu, '?').padEnd(widths[i] ?? 0)).join('  ').trimEnd()
