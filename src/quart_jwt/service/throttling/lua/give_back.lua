-- Take back an attempt that came to no answer. ARGV: the address or none, the account or
-- none, the place or none, the most counts of a pool; the interval of the rate; of the
-- waits: free, forgotten after.

local address, account, place, most = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local interval, free, forgotten_after = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])

if address ~= '' then
  give_back_to_address(address, interval, most)
end
local lane = lane_of(account, place)
if lane == '' then
  return nil
end
local attempts, open_at = count(lane)
if attempts > 0 then
  attempts, open_at = attempts - 1, math.min(open_at, now)
  local pool = attempts < free and 'free' or 'waiting'
  keep_count(lane, pool, attempts, open_at, open_at + forgotten_after, most)
end
return nil
