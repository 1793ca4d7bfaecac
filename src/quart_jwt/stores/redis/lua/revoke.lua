-- Revoke a token or a subject; of two revocations, what refuses more holds. ARGV: scope,
-- name, until, issued_by; until when the feed has to remember it. Gives 1 if it was not
-- revoked before.

local rest, till, issued_by = 'revoked:' .. ARGV[4] .. ':' .. ARGV[5], ARGV[6], ARGV[7]
local old_till, old_by = unpack(redis.call('HMGET', prefix .. rest, 'until', 'issued_by'))
local is_first = not old_till
append(ARGV[4], ARGV[5], ARGV[8], issued_by)
if old_till and (old_till == '' or (till ~= '' and tonumber(old_till) > tonumber(till))) then
  till = old_till
end
if old_by and old_by ~= '' and (issued_by == '' or tonumber(old_by) > tonumber(issued_by)) then
  issued_by = old_by
end
redis.call('HSET', prefix .. rest, 'until', till, 'issued_by', issued_by)
keep(rest, till)
return is_first and 1 or 0
