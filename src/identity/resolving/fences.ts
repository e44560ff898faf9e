/** A load from storage in progress, and what it depends on. */
export interface Fence {
  /** Declares a dependency; call this before reading what it names. */
  dependsOn(id: string): void
  /** Whether anything that it depends on has changed since; if so, what was read must not be trusted. */
  isBroken(): boolean
  end(): void
}

/**
 * Fences loads against changes: a load that was in progress while something it read was revoked is neither stored nor
 * trusted. Because each dependency is declared before it is read, the read sees any earlier change, and any later one
 * breaks the fence.
 */
export interface Fences {
  begin(): Fence
  /** Breaks the fences that depend on `id`, or all of them. */
  break(id: string | undefined): void
}

/** Creates {@link Fences}. */
export function createFences(): Fences {
  const open = new Set<{ readonly ids: Set<string>; broken: boolean }>()
  return {
    begin() {
      const state = { ids: new Set<string>(), broken: false }
      open.add(state)
      return {
        dependsOn: (id) => state.ids.add(id),
        isBroken: () => state.broken,
        end: () => open.delete(state),
      }
    },
    break(id) {
      for (const state of open) if (id === undefined || state.ids.has(id)) state.broken = true
    },
  }
}
