/* Look-ups and small text work over HTTP values. See http.h. Thread: pure. */
#include "net/http.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/utf8.h"

static const char *const method_names[HTTP_METHOD_COUNT] = {
    [HTTP_GET] = "GET",
    [HTTP_HEAD] = "HEAD",
    [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT",
    [HTTP_PATCH] = "PATCH",
    [HTTP_DELETE] = "DELETE",
    [HTTP_OPTIONS] = "OPTIONS",
};

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {100, "Continue"                       },
    {101, "Switching Protocols"            },
    {200, "OK"                             },
    {201, "Created"                        },
    {202, "Accepted"                       },
    {204, "No Content"                     },
    {206, "Partial Content"                },
    {301, "Moved Permanently"              },
    {302, "Found"                          },
    {303, "See Other"                      },
    {304, "Not Modified"                   },
    {307, "Temporary Redirect"             },
    {308, "Permanent Redirect"             },
    {400, "Bad Request"                    },
    {401, "Unauthorized"                   },
    {403, "Forbidden"                      },
    {404, "Not Found"                      },
    {405, "Method Not Allowed"             },
    {406, "Not Acceptable"                 },
    {408, "Request Timeout"                },
    {409, "Conflict"                       },
    {410, "Gone"                           },
    {411, "Length Required"                },
    {412, "Precondition Failed"            },
    {413, "Content Too Large"              },
    {414, "URI Too Long"                   },
    {415, "Unsupported Media Type"         },
    {416, "Range Not Satisfiable"          },
    {417, "Expectation Failed"             },
    {421, "Misdirected Request"            },
    {422, "Unprocessable Content"          },
    {428, "Precondition Required"          },
    {429, "Too Many Requests"              },
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"          },
    {501, "Not Supported"                  },
    {502, "Bad Gateway"                    },
    {503, "Service Unavailable"            },
    {504, "Gateway Timeout"                },
    {505, "HTTP Version Not Supported"     },
    {507, "Insufficient Storage"           },
};

void http_file_close(const struct http_file *file)
{
    file_close(file->fd);
    if (file->more)
        file->more->close(file->more);
}

const char *http_method_name(enum http_method m)
{
    return method_names[m];
}

bool http_method_parse(str s, enum http_method *m)
{
    for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
        if (str_eq(s, str_from(method_names[i]))) {
            *m = (enum http_method)i;
            return true;
        }
    }
    return false;
}

const char *http_status_phrase(int status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

str http_header_get(const struct http_request *req, str name)
{
    for (ptrdiff_t i = 0; i < req->header_count; i++)
        if (req->headers[i].name.len == name.len && str_eq_nocase(req->headers[i].name, name))
            return req->headers[i].value;
    return (str){0};
}

ptrdiff_t http_header_count(const struct http_request *req, str name)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < req->header_count; i++)
        if (str_eq_nocase(req->headers[i].name, name))
            n++;
    return n;
}

str http_query_get(const struct http_request *req, str name)
{
    for (ptrdiff_t i = 0; i < req->query_count; i++)
        if (str_eq(req->query[i].name, name))
            return req->query[i].value;
    return (str){0};
}

str http_cookie_get(const struct http_request *req, str name)
{
    for (ptrdiff_t i = 0; i < req->header_count; i++) {
        if (!str_eq_nocase(req->headers[i].name, S("Cookie")))
            continue;
        str rest = req->headers[i].value;
        while (rest.len > 0) {
            str part, key, value;
            (void)str_cut(rest, ';', &part, &rest);
            if (str_cut(str_trim(part), '=', &key, &value) && str_eq(key, name))
                return value;
        }
    }
    return (str){0};
}

str http_media_type(str content_type)
{
    str type, parameters;
    (void)str_cut(content_type, ';', &type, &parameters);
    return str_trim(type);
}

ptrdiff_t http_percent_decode_to(char *out, str s, bool plus_is_space)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c == '%') {
            if (i + 2 >= s.len)
                return -1;
            int high = str_hex_digit(s.at[i + 1]), low = str_hex_digit(s.at[i + 2]);
            if (high < 0 || low < 0)
                return -1;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[n++] = c;
    }
    return n;
}

err http_percent_decode(struct arena *a, str s, bool plus_is_space, str *out)
{
    char *to = arena_try(a, s.len + 1, 1);
    if (to == NULL)
        return E_BUSY;
    ptrdiff_t n = http_percent_decode_to(to, s, plus_is_space);
    if (n < 0 || !utf8_valid(str_of(to, n)))
        return E_INVALID;
    *out = str_of(to, n);
    return OK;
}

str http_percent_encode(struct arena *a, str s)
{
    static const char digits[] = "0123456789ABCDEF";
    char *to = arena_alloc(a, s.len * 3 + 1, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
        if (is_plain) {
            to[n++] = (char)c;
        } else {
            to[n++] = '%';
            to[n++] = digits[c >> 4];
            to[n++] = digits[c & 15];
        }
    }
    return str_of(to, n);
}

err http_pairs_parse(struct arena *a, str s, const struct http_pair **pairs, ptrdiff_t *count)
{
    ptrdiff_t most = s.len > 0 ? 1 : 0;
    for (ptrdiff_t i = 0; i < s.len; i++)
        most += s.at[i] == '&';
    if (most > LIMIT_HTTP_QUERY_PAIRS)
        return E_LIMIT;
    struct http_pair *list = NEW(a, struct http_pair, most + 1);
    ptrdiff_t n = 0;
    while (s.len > 0) {
        str part, name, value;
        (void)str_cut(s, '&', &part, &s);
        if (part.len == 0)
            continue;
        (void)str_cut(part, '=', &name, &value);
        TRY(http_percent_decode(a, name, true, &list[n].name));
        TRY(http_percent_decode(a, value, true, &list[n].value));
        n++;
    }
    *pairs = list;
    *count = n;
    return OK;
}
