/**
 * The scripts that keep the stream and its state in step. KEYS: the stream, the state (`era`, `seq`, and of
 * the server `line`, `node`).
 *
 * Ids of entries are `<seq>-0` without gaps, so that a reader notices if it misses one. An era is the life of one
 * numbering. Another era begins, and every reader forgets, if Redis comes back empty, if the state was evicted, or if
 * anything else wrote to either so that the newest entry is not the one that the state names.
 */
const READ_STATE = `
local function server()
  local info, node = redis.pcall('INFO', 'replication'), redis.pcall('CLUSTER', 'MYID')
  if type(info) ~= 'string' then return '', '', '' end
  return string.match(info, 'master_replid:(%w+)') or '',
    type(node) == 'string' and node or '', string.match(info, 'master_replid2:(%w+)') or ''
end
local state = redis.pcall('HMGET', KEYS[2], 'era', 'seq', 'line', 'node')
local newest = redis.pcall('XREVRANGE', KEYS[1], '+', '-', 'COUNT', '1')
local era, last = state[1], state[2]
local isWhole = not state.err and not newest.err and era and last and #era <= 64 and #last <= 15
  and string.match(era, '^[%w_%-]+$') and string.match(last, '^%d+$')
if isWhole and newest[1] then
  isWhole = newest[1][1] == last .. '-0' and newest[1][2][1] == 'e' and newest[1][2][2] == era
end
`

const BEGIN_ERA = `
if not isWhole then
  local line, node = server()
  era = ARGV[1]
  redis.call('DEL', KEYS[1])
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'era', era, 'seq', '0', 'line', line, 'node', node)
end
`

/**
 * A server with another history than the one from which the state was last read may have lost the newest entries: it
 * was started from what it had saved, or is a replica that took over. If a slot moved between nodes of a Cluster,
 * nothing was lost; that is another node, whose history does not continue the first one's. A gate that may not ask (ACL
 * without `info`) cannot tell.
 */
const CHECK_LINE = `
if isWhole then
  local line, node, before = server()
  local isMoved = node ~= '' and state[4] and state[4] ~= '' and state[4] ~= node and state[3] ~= before
  if isMoved then redis.call('HSET', KEYS[2], 'line', line, 'node', node)
  elseif line ~= '' and state[3] ~= line then isWhole = false end
end
`

/** ARGV: an era to begin if there is none, the maximum length, the sender, then topic and payload of each message. */
export const PUBLISH = `${READ_STATE}${BEGIN_ERA}
local seq = 0
for at = 4, #ARGV, 2 do
  seq = string.format('%.0f', redis.call('HINCRBY', KEYS[2], 'seq', 1))
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], seq .. '-0',
    'e', era, 's', ARGV[3], 't', ARGV[at], 'p', ARGV[at + 1])
end
return {era, seq}
`

/** ARGV: an era to begin if there is none, the maximum number of entries. Returns era, seq, and the last entries. */
export const SNAPSHOT = `${READ_STATE}${CHECK_LINE}${BEGIN_ERA}
return {era, redis.call('HGET', KEYS[2], 'seq'),
  redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[2])}
`
