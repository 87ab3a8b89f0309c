/** Whether text can be in a database: PostgreSQL refuses even to look for a NUL. */
export const isStorable = (text: string): boolean => !text.includes('\0')
