-- What every script begins with. ARGV: prefix, now, a name in case the feed begins.
--
-- All keys carry the hash tag of the prefix. Redis Cluster therefore keeps them in one
-- slot, where a script may touch all of them in one atomic step; that is why keys are
-- built here, and only one is declared. An empty string stands for "none".

local prefix, now = ARGV[1], tonumber(ARGV[2])
local FEED = prefix .. 'feed'                -- hash: name, begun_at, last, kept
local ENTRIES = prefix .. 'feed:entries'     -- stream, numbered without a gap
local ENTRY_ENDS = prefix .. 'feed:ends'     -- sorted set: number of an entry -> until
local ENDS = prefix .. 'ends'                -- sorted set: rest of a key -> until

-- Keys expire this long after the last token that needs them: the clocks of Redis and
-- of its clients may differ, and a revocation must not vanish early.
local MARGIN_MS = 60000
local LONGEST_MS = 1e14

-- Begin the feed if it is new, or if Redis has lost some of it: under another name.
local function begin()
  local there = redis.call('XLEN', ENTRIES)
  local kept, last = unpack(redis.call('HMGET', FEED, 'kept', 'last'))
  if kept and tonumber(kept) == there then
    return
  end
  local newest = redis.call('XREVRANGE', ENTRIES, '+', '-', 'COUNT', 1)[1]
  last = newest and string.match(newest[1], '^%d+') or last or '0'
  redis.call('HSET', FEED, 'name', ARGV[3], 'begun_at', ARGV[2], 'last', last, 'kept', there)
end

local function append(scope, name, till, issued_by)
  begin()
  local number = string.format('%d', redis.call('HINCRBY', FEED, 'last', 1))
  redis.call('XADD', ENTRIES, number .. '-0',
    'scope', scope, 'name', name, 'until', till, 'issued_by', issued_by)
  redis.call('HINCRBY', FEED, 'kept', 1)
  if till ~= '' then
    redis.call('ZADD', ENTRY_ENDS, till, number)
  end
end

local function life_ms(till)
  return math.min(math.max(tonumber(till) - now, 0) * 1000 + MARGIN_MS, LONGEST_MS)
end

-- Let a key live until then, and a purge find it.
local function keep(rest, till)
  if till == '' then
    redis.call('PERSIST', prefix .. rest)
    redis.call('ZREM', ENDS, rest)
  else
    redis.call('PEXPIRE', prefix .. rest, string.format('%.0f', life_ms(till)))
    redis.call('ZADD', ENDS, till, rest)
  end
end

-- Note a family with its subject, whose key lives as long as the longest of them.
local function belongs(family_id, subject, created_at, till)
  local key = prefix .. 'subject:' .. subject
  local left = redis.call('PTTL', key)  -- -2: there is none; -1: it lives for ever
  redis.call('ZADD', key, created_at, family_id)
  if till == '' then
    redis.call('PERSIST', key)
  elseif left ~= -1 and life_ms(till) > left then
    redis.call('PEXPIRE', key, string.format('%.0f', life_ms(till)))
  end
end

-- The live families of a subject, oldest first; what has expired is taken off the list.
local function live(subject)
  local key, found = prefix .. 'subject:' .. subject, {}
  for _, family_id in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    local jti, exp, revoked_at = unpack(redis.call(
      'HMGET', prefix .. 'family:' .. family_id, 'current_jti', 'current_exp', 'revoked_at'))
    if not jti then
      redis.call('ZREM', key, family_id)
    elseif not revoked_at and (not exp or tonumber(exp) > now) then
      table.insert(found, family_id)
    end
  end
  return found
end

-- Tell of the end of a family; gives its id and until when the feed remembers it: as
-- long as an access token could be accepted. A refresh token is asked for here.
local function tell_end(family_id)
  local till, access_till = unpack(
    redis.call('HMGET', prefix .. 'family:' .. family_id, 'keep_until', 'access_until'))
  if access_till and (not till or tonumber(access_till) < tonumber(till)) then
    till = access_till
  end
  append('family', family_id, till or '', '')
  return { family_id, till or '' }
end

-- End a family that goes on; gives what tell_end gives.
local function finish(family_id)
  local key = prefix .. 'family:' .. family_id
  local jti, revoked_at, till = unpack(
    redis.call('HMGET', key, 'current_jti', 'revoked_at', 'keep_until'))
  if not jti or revoked_at or (till and tonumber(till) <= now) then
    return nil
  end
  redis.call('HSET', key, 'revoked_at', ARGV[2])
  redis.call('HINCRBY', key, 'version', 1)
  return tell_end(family_id)
end
