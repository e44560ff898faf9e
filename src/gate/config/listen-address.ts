import { z } from 'zod'

const EXPECTED = 'expected host:port, such as 127.0.0.1:8080'
const HOST = String.raw`(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)`
const PORT = String.raw`(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])`

/** `host:port`; the host may be an IPv6 address in brackets. Port 0 takes any free one. */
export const listenAddress = (): z.ZodType<string, string> =>
  z
    .string({ error: ({ input }) => (input === undefined ? undefined : EXPECTED) })
    .regex(new RegExp(`^${HOST}:${PORT}$`), { error: EXPECTED })
