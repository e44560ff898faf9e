/**
 * The state of one counter is 32 bytes, so that a million counters are one buffer, and two counters of a subject that
 * one request needs share a cache line, together with what identifies them. It has three numbers ("lanes") and two
 * words:
 *
 * | kind        | lane 0 used | lane 1         | lane 2                | word 6 | word 7       |
 * | ----------- | ----------- | -------------- | --------------------- | ------ | ------------ |
 * | bucket      | level       | touched at     | empty at              | serial | limit, kind  |
 * | calendar    | used        | window's end   | reserved on disk      | serial | limit, kind  |
 * | concurrency | used        | –              | –                     | serial | limit, kind  |
 * | sliding     | used        | window's start | previous window's use | serial | limit, kind  |
 *
 * Times are in milliseconds: of the wall clock for calendars, else of a clock that never goes back. The serial stands
 * for the subject: counters with the same serial belong to the same subject; 0 stands for none.
 */
export const STRIDE = 4
export const USED = 0
export const TIME = 1
export const THIRD = 2

export const WORDS = 2 * STRIDE
export const SERIAL = 6
/** The limit's number in the upper bits, the kind in the lower ones. */
export const MARK = 7

/** Bits of the kind in a {@link MARK}. */
export const KIND_BITS = 14
export const KIND_MASK = 2 ** KIND_BITS - 1
/** The number of limits that can be told apart, by the other bits of a {@link MARK}. */
export const LIMITS_MAX = 2 ** (32 - KIND_BITS)

/** Not settled yet. */
export const NEW = 0
export const BUCKET = 1
export const CALENDAR = 2
export const CONCURRENCY = 3
/** This and all higher kinds are sliding windows, one kind for each length; see {@link WindowLengths}. */
export const SLIDING = 4
