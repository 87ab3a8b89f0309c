/** Goes on with an answer: at once where it is there, and else when it comes. */
export const mapAnswer = <T, Result>(answer: T | Promise<T>, map: (answer: T) => Result): Result | Promise<Result> =>
  answer instanceof Promise ? answer.then(map) : map(answer)
