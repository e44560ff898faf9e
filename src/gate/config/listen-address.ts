import { z } from 'zod'

const EXPECTED = 'expected host:port, such as 127.0.0.1:8080'

/** `host:port`; the host may be an IPv6 address in brackets. Port 0 takes any free one. */
export const listenAddress = (): z.ZodType<string, string> =>
  z
    .string({ error: ({ input }) => (input === undefined ? undefined : EXPECTED) })
    .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/, { error: EXPECTED })
