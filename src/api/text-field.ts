/** Text without a NUL or a lone surrogate, as DRF's CharField has it. Without the flag `u` a pair is two units. */
export const TEXT_PATTERN = '^(?:[^\\0\\uD800-\\uDFFF]|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])*$'
