/** A load from storage in flight, and what it hangs on. */
export interface Fence {
  /** Declares a dependency; call it before reading the thing. */
  dependsOn(id: string): void
  /** Whether something it depends on has changed since: then what was read must not be trusted. */
  isBroken(): boolean
  end(): void
}

/**
 * Fences loads against changes: a load that was in flight while something it read was revoked is
 * neither stored nor believed. Because a dependency is declared before it is read, a change that comes
 * earlier is seen by the read, and one that comes later breaks the fence.
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
