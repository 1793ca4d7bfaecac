-- What all scripts begin with. ARGV: prefix, now, a name that is not used here.
--
-- All keys carry the hash tag of the prefix, so that Redis Cluster keeps them in one slot.
-- A count is a hash that Redis lets expire; a pool is a sorted set of counts by the moment
-- in which they are forgotten, and is what bounds them. Times are milliseconds.

local prefix, now = ARGV[1], tonumber(ARGV[2])
local POOLS = { 'address', 'free', 'waiting' }

local function number(value)
  return string.format('%.0f', value)
end

local function count_key(digest)
  return prefix .. 'attempts:' .. digest
end

local function pool_key(pool)
  return prefix .. 'attempts-of:' .. pool
end

-- How many attempts, and when the next is open; 0 and 0 for what is not known any more.
local function count(digest)
  local attempts, open_at, forgotten_at = unpack(redis.call(
    'HMGET', count_key(digest), 'attempts', 'open_at', 'forgotten_at'))
  if not attempts or tonumber(forgotten_at) <= now then
    return 0, 0
  end
  return tonumber(attempts), tonumber(open_at)
end

-- A time that no clock near ours can have written is brought down to the longest wait.
local function believed(open_at, longest, skew)
  if open_at > now + longest + skew then
    return now + longest, true
  end
  return open_at, false
end

local function forget(digest)
  redis.call('DEL', count_key(digest))
  for _, pool in ipairs(POOLS) do
    redis.call('ZREM', pool_key(pool), digest)
  end
end

-- What would be forgotten first makes room.
local function trim(pool, most)
  redis.call('ZREMRANGEBYSCORE', pool_key(pool), '-inf', now)
  local beyond = redis.call('ZCARD', pool_key(pool)) - most
  if beyond > 0 then
    for _, digest in ipairs(redis.call('ZRANGE', pool_key(pool), 0, beyond - 1)) do
      forget(digest)
    end
  end
end

local function keep_count(digest, pool, attempts, open_at, forgotten_at, most)
  forget(digest)
  if forgotten_at <= now then
    return
  end
  redis.call('HSET', count_key(digest), 'attempts', attempts,
    'open_at', number(open_at), 'forgotten_at', number(forgotten_at))
  redis.call('PEXPIRE', count_key(digest), number(forgotten_at - now))
  redis.call('ZADD', pool_key(pool), number(forgotten_at), digest)
  trim(pool, most)
end

local function give_back_to_address(address, interval, most)
  local attempts, open_at = count(address)
  if attempts > 0 then
    keep_count(address, 'address', attempts - 1, open_at - interval, open_at - interval, most)
  end
end

-- What the failures of an account in a place are counted for.
local function lane_of(account, place)
  if account == '' or place == '' then
    return account
  end
  local known_until = redis.call('ZSCORE', prefix .. 'places:' .. account, place)
  return known_until and tonumber(known_until) > now and place or account
end
