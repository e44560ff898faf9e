import type { LoadJob } from '../job.ts'
import { levelAt, peakOf } from '../plan/profile.ts'
import { shareOf } from './connections.ts'

/** Which of a worker's users are active, and which should be. */
export class Users {
  readonly #job: LoadJob
  /** 1 for each active user. */
  readonly #present: Uint8Array

  constructor(job: LoadJob) {
    this.#job = job
    this.#present = new Uint8Array(
      job.model.kind === 'closed' ? Math.ceil(peakOf(job.model.profile)) : 0,
    )
  }

  /** Whether a user may begin another flow. */
  mayStay(user: number, nowMs: number): boolean {
    return user < this.#wanted(nowMs)
  }

  leave(user: number): void {
    this.#present[user] = 0
  }

  /** Activates and returns the users who should be active and are not. */
  call(nowMs: number): number[] {
    const called: number[] = []
    const wanted = Math.min(Math.floor(this.#wanted(nowMs)), this.#present.length)
    for (let user = 0; user < wanted; user += 1) {
      if (this.#present[user] === 1) continue
      this.#present[user] = 1
      called.push(user)
    }
    return called
  }

  #wanted(nowMs: number): number {
    const { model, share } = this.#job
    const wanted = shareOf(Math.round(levelAt(model.profile, nowMs)), share)
    const { startOverMs } = model.kind === 'closed' ? model : { startOverMs: 0 }
    return nowMs >= startOverMs ? wanted : Math.ceil((wanted * (nowMs + 1)) / startOverMs)
  }
}
