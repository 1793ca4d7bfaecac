-- Take back an attempt that was right. ARGV: the address or none, the account or none, the
-- place or none, the most counts of a pool; the interval of the rate; until when the
-- place is known, and the most places of an account.

local address, account, place, most = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local interval = tonumber(ARGV[8])

if address ~= '' then
  give_back_to_address(address, interval, most)
end
local lane = lane_of(account, place)
if lane ~= '' then
  forget(lane)
end
if account ~= '' and place ~= '' then
  local places = prefix .. 'places:' .. account
  redis.call('ZADD', places, ARGV[9], place)
  redis.call('ZREMRANGEBYRANK', places, 0, -1 - tonumber(ARGV[10]))
  redis.call('PEXPIRE', places, number(tonumber(ARGV[9]) - now))
end
return nil
