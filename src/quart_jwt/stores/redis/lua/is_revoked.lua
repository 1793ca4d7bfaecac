-- Whether a token was taken back. ARGV: its iat; then scope and name of each thing that
-- would do it.

for at = 5, #ARGV, 2 do
  local scope, name = ARGV[at], ARGV[at + 1]
  if scope == 'family' then
    local jti, revoked_at = unpack(
      redis.call('HMGET', prefix .. 'family:' .. name, 'current_jti', 'revoked_at'))
    if not jti or revoked_at then
      return 1
    end
  else
    local issued_by = redis.call('HGET', prefix .. 'revoked:' .. scope .. ':' .. name, 'issued_by')
    if issued_by and (scope == 'token' or tonumber(ARGV[4]) <= (tonumber(issued_by) or 0)) then
      return 1
    end
  end
end
return 0
