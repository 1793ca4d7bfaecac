-- Count an attempt, or say what has been tried too often. ARGV: the address or none, the
-- account or none, the place or none, the most counts of a pool; of the rate: interval,
-- tolerance; of the waits: free, forgotten after, longest; how far clocks may be apart;
-- the growing waits.
-- Gives what refused and for how long, or nil.

local address, account, place, most = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local skew = tonumber(ARGV[13])

if address ~= '' then
  local interval, tolerance = tonumber(ARGV[8]), tonumber(ARGV[9])
  local attempts, open_at = count(address)
  local wrong
  open_at, wrong = believed(open_at, tolerance + interval, skew)
  if wrong then
    keep_count(address, 'address', attempts, open_at, open_at, most)
  end
  if open_at - tolerance > now then
    return { 'address', number(open_at - tolerance - now) }
  end
  open_at = math.max(open_at, now) + interval
  keep_count(address, 'address', attempts + 1, open_at, open_at, most)
end

local lane = lane_of(account, place)
if lane == '' then
  return nil
end
local free, forgotten_after, longest = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local attempts, open_at = count(lane)
if attempts >= free and open_at > now then
  local wrong
  open_at, wrong = believed(open_at, longest, skew)
  if wrong then
    keep_count(lane, 'waiting', attempts, open_at, open_at + forgotten_after, most)
  end
  return { 'account', number(open_at - now) }
end
attempts = attempts + 1
local wait = 0
if attempts >= free then
  wait = tonumber(ARGV[14 + attempts - free] or longest)
end
local pool = attempts < free and 'free' or 'waiting'
keep_count(lane, pool, attempts, now + wait, now + wait + forgotten_after, most)
return nil
