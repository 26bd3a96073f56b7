/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Debug texts of network addresses, which are their Display texts (std-types.md, section 8). */
#include "value/debug_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "value/number.h"
#include "value/shape.h"

/* Longest: [ffff:…:ffff%4294967295]:65535 */
enum { ADDRESS_MAX = 80 };

/* The bytes of an address in network order: an array, or in old versions an integer of them. */
static const uint8_t *octets_of(const struct fdbg_value *value, size_t n)
{
	const struct fdbg_value *inner = fdbg_shape_peel(value);

	if (inner && inner->kind == FDBG_VALUE_BYTES && inner->bytes.len == n)
		return inner->bytes.data;
	if (inner && inner->kind == FDBG_VALUE_PRIM && n == 4 && inner->prim.prim == FDBG_PRIM_U32)
		return inner->prim.bytes;
	return NULL;
}

static size_t write_v4(char *text, const uint8_t *octets)
{
	return (size_t)snprintf(text, ADDRESS_MAX, "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
}

/* The first longest run of at least two groups of zero; len 0: none. */
static void find_zeros(const uint16_t *groups, size_t *start_ret, size_t *len_ret)
{
	size_t best = 0, best_len = 0;

	for (size_t i = 0; i < 8; i++) {
		size_t n = 0;

		while (i + n < 8 && !groups[i + n])
			n++;
		if (n > best_len) {
			best = i;
			best_len = n;
		}
		i += n;
	}
	*start_ret = best;
	*len_ret = best_len > 1 ? best_len : 0;
}

static size_t write_v6(char *text, const uint8_t *octets, uint32_t minor)
{
	size_t start, zeros, len = 0, leading = 0;
	uint16_t groups[8];

	for (size_t i = 0; i < 8; i++)
		groups[i] = (uint16_t)(octets[2 * i] << 8 | octets[2 * i + 1]);
	while (leading < 8 && !groups[leading])
		leading++;
	if (leading == 5 && groups[5] == 0xffff) {
		len = (size_t)snprintf(text, ADDRESS_MAX, "::ffff:");
		return len + write_v4(text + len, octets + 12);
	}
	/* IPv4-compatible, but not `::` and `::1`. */
	if (minor < FDBG_MINOR_NET_IN_CORE && (leading == 6 || (leading == 7 && groups[7] > 1))) {
		len = (size_t)snprintf(text, ADDRESS_MAX, "::");
		return len + write_v4(text + len, octets + 12);
	}
	find_zeros(groups, &start, &zeros);
	for (size_t i = 0; i < 8; i++) {
		if (zeros && i == start) {
			len += (size_t)snprintf(text + len, ADDRESS_MAX - len, "::");
			i += zeros - 1;
			continue;
		}
		len += (size_t)snprintf(text + len, ADDRESS_MAX - len, "%s%x",
					i && !(zeros && i == start + zeros) ? ":" : "", groups[i]);
	}
	return len;
}

static bool put_ip(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	bool v6 = rule->text[1] == '6';
	const uint8_t *octets = octets_of(value, v6 ? 16 : 4);
	char text[ADDRESS_MAX + 32];

	if (value->kind != FDBG_VALUE_STRUCT || !octets)
		return false;
	fdbg_debug_put(debug, text, v6 ? write_v6(text, octets, debug->minor) : write_v4(text, octets));
	return true;
}

static const struct fdbg_value *field_of(const struct fdbg_value *value, const char *now, const char *before)
{
	const struct fdbg_value *field = fdbg_shape_field(value, now);

	return field ? field : fdbg_shape_field(fdbg_shape_field(value, "inner"), before);
}

static bool number_of(const struct fdbg_value *value, uint64_t *ret)
{
	if (!value || value->kind != FDBG_VALUE_PRIM)
		return false;
	*ret = fdbg_number_low(value->prim.bytes);
	return true;
}

/* Fields of its own, or inside them the C library's structure, whose port is in network order. */
static bool put_socket(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	bool v6 = rule->text[1] == '6';
	const uint8_t *octets = octets_of(field_of(value, "ip", v6 ? "sin6_addr" : "sin_addr"), v6 ? 16 : 4);
	char text[ADDRESS_MAX + 64];
	uint64_t port, scope = 0;
	size_t len = 0;

	if (!octets || !number_of(field_of(value, "port", v6 ? "sin6_port" : "sin_port"), &port) ||
	    (v6 && !number_of(field_of(value, "scope_id", "sin6_scope_id"), &scope)))
		return false;
	if (!fdbg_shape_field(value, "port"))
		port = (port & 0xff) << 8 | port >> 8;
	if (v6) {
		text[len++] = '[';
		len += write_v6(text + len, octets, debug->minor);
		if (scope)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%%%" PRIu64, scope);
		text[len++] = ']';
	} else {
		len = write_v4(text, octets);
	}
	len += (size_t)snprintf(text + len, sizeof(text) - len, ":%" PRIu64, port);
	fdbg_debug_put(debug, text, len);
	return true;
}

const struct std_rule fdbg_debug_net_rules[] = {
	{ "core::net::ip_addr::IpAddr", fdbg_debug_inner, NULL },
	{ "core::net::ip_addr::Ipv4Addr", put_ip, "v4" },
	{ "core::net::ip_addr::Ipv6Addr", put_ip, "v6" },
	{ "core::net::socket_addr::SocketAddr", fdbg_debug_inner, NULL },
	{ "core::net::socket_addr::SocketAddrV4", put_socket, "v4" },
	{ "core::net::socket_addr::SocketAddrV6", put_socket, "v6" },
	{ "std::net::addr::SocketAddr", fdbg_debug_inner, NULL },
	{ "std::net::addr::SocketAddrV4", put_socket, "v4" },
	{ "std::net::addr::SocketAddrV6", put_socket, "v6" },
	{ "std::net::ip::IpAddr", fdbg_debug_inner, NULL },
	{ "std::net::ip::Ipv4Addr", put_ip, "v4" },
	{ "std::net::ip::Ipv6Addr", put_ip, "v6" },
	{ NULL, NULL, NULL },
};
