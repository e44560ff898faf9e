import type { Location } from '../errors.ts'
import type { Source } from '../syntax/source.ts'
import type { Step } from './ir.ts'

/** The places of a policy whose evaluation is counted. */
export class CoveragePoints {
  readonly points: Location[] = []
  readonly #byPlace = new Map<string, number>()

  /** Adds a step that counts a place. */
  point(source: Source, offset: number, steps: Step[]): void {
    const location = source.locate(offset)
    const key = `${location.file}:${String(location.row)}`
    let point = this.#byPlace.get(key)
    if (point === undefined) {
      point = this.points.length
      this.points.push(location)
      this.#byPlace.set(key, point)
    }
    const last = steps.at(-1)
    if (last?.op !== 'cover' || last.point !== point) steps.push({ op: 'cover', point })
  }
}
