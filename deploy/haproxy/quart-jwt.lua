-- Asks quart-jwt whether a request may pass, and leaves the answer in variables:
-- txn.auth_status (unset without an answer), txn.auth_subject, txn.auth_challenge,
-- txn.auth_body. What follows from them is decided in haproxy.cfg.
--
-- http-request lua.quart_jwt_verify ADDRESS-TO-ASK TIMEOUT-IN-MILLISECONDS

-- What the service judges by. Nothing else of the client's request is passed on:
-- no body, no hop-by-hop header, no X-Forwarded-Method that the client wrote.
local CREDENTIALS = { "authorization", "cookie", "x-csrf-token" }

local function question(txn)
    local sent = txn.http:req_get_headers()
    local headers = {
        ["x-forwarded-method"] = { txn.sf:method() },
        ["x-forwarded-uri"] = { txn.sf:pathq() },
    }
    for _, name in ipairs(CREDENTIALS) do
        headers[name] = sent[name]
    end
    return headers
end

local function first(headers, name)
    local values = headers and headers[name]
    return values and values[0] or ""
end

core.register_action("quart_jwt_verify", { "http-req" }, function(txn, address, timeout_ms)
    local answer = core.httpclient():get {
        url = address,
        headers = question(txn),
        timeout = tonumber(timeout_ms),
    }
    txn:set_var("txn.auth_status", answer.status)
    txn:set_var("txn.auth_subject", first(answer.headers, "x-auth-subject"))
    txn:set_var("txn.auth_challenge", first(answer.headers, "www-authenticate"))
    txn:set_var("txn.auth_body", answer.body)
end, 2)
