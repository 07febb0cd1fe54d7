"""Search at a million messages: rare, common, two words, phrase, prefix, in Latin, Bengali and Han, each on its own and mixed."""

import urllib.parse

import million

LIMIT = 50_000  # µs, of p99
ASKED = {
    "rare": ["#1234567", "7654321", '"টাকা ফেরত চাই পণ্যটি"', '"收快帮"'],
    "common": ["order", "delivery", "ধন্যবাদ", "অর্ডারটি", "退款", "我"],
    "two words": ["order refund", "parcel Friday", "টাকা ফেরত", "退款 发票"],
    "phrase": ['"where order"', '"refund arrived"', '"টাকা ফেরত"', '"退款快"'],
    "prefix": ["deliv*", "acc*", "ধন্য*", "অর্ড*", "谢"],
}


def path(q, more=""):
    return "/api/v1/search?limit=20" + more + "&q=" + urllib.parse.quote(q)


def at_a_million(build, server, seconds, row, where, slower):
    goal, limit = "p99 ≤ 50 ms" + million.within(slower), LIMIT * slower
    for kind, asked in ASKED.items():
        for order, more in (("relevance", ""), ("time", "&order=time")):
            r = million.reads(build, server, [path(q, more) for q in asked], min(seconds, 8), 1)
            row(f"search by {order}: {kind}, {where}", goal, million.told(r), r["ack_p99_us"] <= limit and not r["refused"])
    every = [path(q) for asked in ASKED.values() for q in asked]
    r = million.reads(build, server, every, min(seconds, 15), 4)
    row(f"search, all of these mixed, 4 people at once, {where}", goal, million.told(r), r["ack_p99_us"] <= limit and not r["refused"])
