// What the service's error codes mean. In English, the service's own message says it.

export const CODES = {
  zh: {
    bad_request: "请求格式不正确",
    busy: "服务繁忙，请稍后重试",
    content_too_large: "请求体过大",
    csrf_failed: "CSRF 值缺失或不匹配",
    directory_unavailable: "用户目录暂时不可用",
    internal_error: "服务内部错误",
    invalid_client: "客户端凭据缺失或错误",
    invalid_credentials: "用户名或密码错误",
    invalid_password: "密码不符合要求",
    invalid_request: "请求参数缺失、重复或无效",
    invalid_token: "token 无效",
    invalid_username: "用户名不符合要求",
    malformed_json: "请求体不是有效的 JSON",
    method_not_allowed: "该路径不支持此方法",
    missing_field: "缺少必填字段",
    missing_token: "请求中没有 token",
    not_an_object: "请求体必须是 JSON 对象",
    not_found: "未找到",
    not_ready: "服务尚未就绪",
    request_timeout: "请求体接收超时",
    store_unavailable: "存储暂时不可用",
    token_expired: "token 已过期",
    token_revoked: "token 已被吊销",
    token_too_large: "token 过大，无法签发",
    too_many_attempts: "尝试次数过多，请稍后再试",
    unknown_field: "请求体含有未知字段",
    unsupported_media_type: "不支持的 Content-Type",
    wrong_field_type: "字段类型错误",
    wrong_password: "当前密码错误",
    wrong_token_type: "token 类型错误",
  },
};

/** The sentence for an error body, or an empty one. */
export function sentence(language, { code, msg } = {}) {
  return CODES[language]?.[code] ?? msg ?? "";
}
