/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layer.h - the table of layers: all that may stand around a datagram.
 *
 * A row is all that link.c and the printers know of a layer: its decoder, a
 * short name for machines and a text for people.
 */
#ifndef DLO_WIRE_LAYER_H
#define DLO_WIRE_LAYER_H

#include <stdint.h>

/* X(symbol, decoder, name, text) */
#define DLO_LAYERS(X) \
	X(NONE, dlo_decap_none, "none", "unknown") \
	X(ETHERNET, dlo_ether_ethernet, "ethernet", "Ethernet") \
	X(VLAN, dlo_ether_vlan, "vlan", "VLAN tag (802.1Q, 802.1ad)") \
	X(LLC, dlo_ether_llc, "llc", "LLC (802.2)") \
	X(ITAG, dlo_ether_itag, "itag", "provider backbone bridge (802.1ah)") \
	X(VNTAG, dlo_ether_vntag, "vntag", "VN-Tag (802.1BR)") \
	X(CMD, dlo_ether_cmd, "cmd", "Cisco MetaData") \
	X(FABRICPATH, dlo_ether_fabricpath, "fabricpath", "FabricPath") \
	X(TRILL, dlo_ether_trill, "trill", "TRILL") \
	X(MACSEC, dlo_ether_macsec, "macsec", "MACsec, not encrypted") \
	X(HSR, dlo_ether_hsr, "hsr", "HSR tag") \
	X(FDDI, dlo_ether_fddi, "fddi", "FDDI") \
	X(TOKEN_RING, dlo_ether_token_ring, "tokenring", "Token Ring") \
	X(ARCNET, dlo_ether_arcnet, "arcnet", "ARCNET") \
	X(ARCNET_LINUX, dlo_ether_arcnet_linux, "arcnetlinux", \
		"ARCNET as Linux hands it over") \
	X(IPFC, dlo_ether_ipfc, "ipfc", "IP over Fibre Channel") \
	X(WIFI, dlo_wifi_data, "wifi", "Wi-Fi (802.11)") \
	X(WIFI_PADDED, dlo_wifi_padded, "wifipad", \
		"Wi-Fi (802.11) with a padded header") \
	X(AMSDU, dlo_wifi_amsdu, "amsdu", "Wi-Fi aggregate (A-MSDU)") \
	X(RADIOTAP, dlo_wifi_radiotap, "radiotap", "radiotap") \
	X(PRISM, dlo_wifi_prism, "prism", "Prism header") \
	X(AVS, dlo_wifi_avs, "avs", "AVS header") \
	X(PPI, dlo_wifi_ppi, "ppi", "PPI header") \
	X(SLL, dlo_cooked_sll, "sll", "Linux cooked v1") \
	X(SLL2, dlo_cooked_sll2, "sll2", "Linux cooked v2") \
	X(NULL, dlo_cooked_null, "null", "BSD loopback") \
	X(LOOP, dlo_cooked_null, "loop", "OpenBSD loopback") \
	X(NFLOG, dlo_cooked_nflog, "nflog", "Linux NFLOG") \
	X(PKTAP, dlo_cooked_pktap, "pktap", "Apple PKTAP") \
	X(PFLOG, dlo_cooked_pflog, "pflog", "BSD pflog") \
	X(ENC, dlo_cooked_enc, "enc", "BSD enc") \
	X(IPNET, dlo_cooked_ipnet, "ipnet", "Solaris ipnet") \
	X(PPP, dlo_ppp_ppp, "ppp", "PPP") \
	X(PPP_DIR, dlo_ppp_dir, "pppdir", "PPP with direction") \
	X(PPPOE, dlo_ppp_pppoe, "pppoe", "PPPoE session") \
	X(BCP, dlo_ppp_bcp, "bcp", "Ethernet in PPP") \
	X(CHDLC, dlo_ppp_chdlc, "chdlc", "Cisco HDLC") \
	X(CHDLC_DIR, dlo_ppp_chdlc_dir, "chdlcdir", \
		"Cisco HDLC with direction") \
	X(FRELAY, dlo_ppp_frelay, "frelay", "Frame Relay") \
	X(FRELAY_DIR, dlo_ppp_frelay_dir, "frelaydir", \
		"Frame Relay with direction") \
	X(SLIP, dlo_ppp_slip, "slip", "SLIP") \
	X(RAW, dlo_ip_raw, "raw", "raw IP") \
	X(IPV4, dlo_ip_v4, "ipv4", "IPv4") \
	X(IPV6, dlo_ip_v6, "ipv6", "IPv6") \
	X(IPV6_OPTIONS, dlo_ip_v6_options, "ipv6options", \
		"IPv6 extension headers") \
	X(IPV6_FRAGMENT, dlo_ip_v6_fragment, "ipv6fragment", \
		"IPv6 fragment header") \
	X(AH, dlo_ip_ah, "ah", "IPsec AH") \
	X(ESP, dlo_ip_esp, "esp", "IPsec ESP") \
	X(ICMP, dlo_ip_icmp, "icmp", "ICMP") \
	X(OTHER, dlo_ip_other, "other", "another IP protocol") \
	X(UDP, dlo_ip_udp, "udp", "UDP") \
	X(TCP, dlo_ip_tcp, "tcp", "TCP") \
	X(MPLS, dlo_tunnel_mpls, "mpls", "MPLS label") \
	X(GRE, dlo_tunnel_gre, "gre", "GRE") \
	X(ERSPAN, dlo_tunnel_erspan, "erspan", "ERSPAN II or III") \
	X(WCCP, dlo_tunnel_wccp, "wccp", "WCCP") \
	X(NSH, dlo_tunnel_nsh, "nsh", "service chain (NSH)") \
	X(ETHERIP, dlo_tunnel_etherip, "etherip", "EtherIP") \
	X(L2TP3, dlo_tunnel_l2tp3, "l2tp3", "L2TPv3") \
	X(L2TP, dlo_tunnel_l2tp, "l2tp", "L2TP") \
	X(VXLAN, dlo_tunnel_vxlan, "vxlan", "VXLAN") \
	X(GENEVE, dlo_tunnel_geneve, "geneve", "Geneve") \
	X(GTPU, dlo_tunnel_gtpu, "gtpu", "GTP-U") \
	X(TEREDO, dlo_tunnel_teredo, "teredo", "Teredo") \
	X(TZSP, dlo_tunnel_tzsp, "tzsp", "TZSP")

enum dlo_layer {
#define DLO_X(symbol, decoder, name, text) DLO_LAYER_##symbol,
	DLO_LAYERS(DLO_X)
#undef DLO_X
		DLO_LAYER__N
};

/* "vxlan"; unique. */
const char *dlo_layer_name(enum dlo_layer layer);

/* "VXLAN": for people. */
const char *dlo_layer_text(enum dlo_layer layer);

/* Layer of a DLT_ value; NONE when it is not known. */
enum dlo_layer dlo_link_layer(int link_type);

#endif
