/**
 * The state of one counter is four numbers ("lanes"), so that a million counters are one typed array
 * and a lookup touches half a cache line. The last lane tells the kind.
 *
 * | kind        | 0 used | 1                | 2                    | 3 tag           |
 * | ----------- | ------ | ---------------- | -------------------- | --------------- |
 * | bucket      | level  | touched at       | empty at             | -1              |
 * | calendar    | used   | window's end     | reserved on disk     | -2              |
 * | concurrency | used   | –                | –                    | -3              |
 * | sliding     | used   | window's start   | previous window's use | window in ms (> 0) |
 *
 * Times are milliseconds: of the wall clock for calendars, else of a clock that never goes back.
 */
export const STRIDE = 4
export const USED = 0
export const TIME = 1
export const THIRD = 2
export const TAG = 3

export const TAG_FREE = 0
export const TAG_BUCKET = -1
export const TAG_CALENDAR = -2
export const TAG_CONCURRENCY = -3
