CREATE TABLE public.highhelp_events (
    id bigint NOT NULL,
    event_key character varying(64) NOT NULL,
    payment_ref bigint,
    project_id text NOT NULL,
    payment_id text NOT NULL,
    request_id text,
    status text NOT NULL,
    sub_status text,
    final boolean NOT NULL,
    amount bigint,
    currency text,
    payment_type text,
    key_id text NOT NULL,
    signed_at bigint NOT NULL,
    normalized_sha256 character varying(64) NOT NULL,
    body text NOT NULL,
    sealed bytea,
    state character varying(16) NOT NULL,
    reason text,
    approved boolean DEFAULT false NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    lease_token character varying(32),
    due_at bigint,
    received_at bigint NOT NULL,
    changed_at bigint NOT NULL
);
CREATE SEQUENCE public.highhelp_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.highhelp_events_id_seq OWNED BY public.highhelp_events.id;
CREATE TABLE public.highhelp_outbox (
    id bigint NOT NULL,
    event_id bigint NOT NULL,
    due_at bigint NOT NULL,
    attempts integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.highhelp_outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.highhelp_outbox_id_seq OWNED BY public.highhelp_outbox.id;
CREATE TABLE public.highhelp_payments (
    id bigint NOT NULL,
    payment_key character varying(64) NOT NULL,
    project_id text NOT NULL,
    payment_id text NOT NULL,
    state text,
    handled text,
    final_print character varying(64),
    expected_amount bigint,
    expected_currency character varying(3),
    busy_token character varying(32),
    busy_until bigint
);
CREATE SEQUENCE public.highhelp_payments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.highhelp_payments_id_seq OWNED BY public.highhelp_payments.id;
CREATE TABLE public.highhelp_payouts (
    id bigint NOT NULL,
    intent_key character varying(64) NOT NULL,
    project_id text NOT NULL,
    payment_id text NOT NULL,
    operation text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    fingerprint character varying(64) NOT NULL,
    body text NOT NULL,
    sealed bytea,
    state character varying(16) NOT NULL,
    reason text,
    doubtful boolean DEFAULT false NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    lease_token character varying(32),
    lease_until bigint,
    status text,
    sub_status text,
    request_id text,
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL
);
CREATE SEQUENCE public.highhelp_payouts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.highhelp_payouts_id_seq OWNED BY public.highhelp_payouts.id;
CREATE TABLE public.highhelp_refused (
    slot integer NOT NULL,
    received_at bigint NOT NULL,
    reason character varying(32) NOT NULL,
    detail text NOT NULL,
    size bigint NOT NULL,
    body_sha256 character varying(64) NOT NULL,
    body text
);
CREATE TABLE public.highhelp_refused_counts (
    reason character varying(32) NOT NULL,
    number bigint NOT NULL
);
CREATE TABLE public.highhelp_schema_version (
    version_num character varying(32) NOT NULL
);
ALTER TABLE ONLY public.highhelp_events ALTER COLUMN id SET DEFAULT nextval('public.highhelp_events_id_seq'::regclass);
ALTER TABLE ONLY public.highhelp_outbox ALTER COLUMN id SET DEFAULT nextval('public.highhelp_outbox_id_seq'::regclass);
ALTER TABLE ONLY public.highhelp_payments ALTER COLUMN id SET DEFAULT nextval('public.highhelp_payments_id_seq'::regclass);
ALTER TABLE ONLY public.highhelp_payouts ALTER COLUMN id SET DEFAULT nextval('public.highhelp_payouts_id_seq'::regclass);
INSERT INTO public.highhelp_events VALUES (1, 'cc0da2e30eb51f9d1ed265f37803bb1e38436714d622b367a157413c7ba76a39', 1, '11111111-2222-4333-8444-555555555555', 'handled', '00000000-0000-4000-8000-000000000000', 'success', NULL, true, 10000, 'RUB', 'payin', 'rsa:94c2b9151d9efe84', 1795521600, '047e2022fe5fe440dd6cc1f7bdc8b7e7fd5530ac0ae31ea961af37d75243b273', '{"project_id": "11111111-2222-4333-8444-555555555555", "general": {"request_id": "00000000-0000-4000-8000-000000000000", "payment_id": "handled"}, "status": {"status": "success", "sub_status": null, "status_description": null}, "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"}}', '\x3eb1bd439947eb76d98da237d361c2182ef8cad7518a26ea319128cc1be21adc6a19bcc98c68970cb3ad6ac062dcec4307a5f3565405a1e869cdcaeec464150ece05b1663a429ed3a90f85b1dd01661e7df78a7d69025da8b313d391bdcace71a9c2c924c38160f7dbe428c3630619fff4563c437a0ec97b3a2c2749ad032f329194e9d0671f3dbecbe94f5debb1a988ef555e53e0dc6fc4fe613a9fd35b6c67a80cd393a6c86fae076b7bb190e5dbfc25958eba475db4e92b493bd64666a2dea2087f17fd76b9bb2b21c66cc603e5752776e946d40ebab23458e7928e5666433db69b62f0ebc315d06017e46b4e8be2ca020282ff89c8635062c182ef811e6253578477ad9848a6b858a609b942004c89489ae89560c4247fde018d0c97b4a72b78d3e0bc39f972167f8674e9159b249ac198c8917b2ad67737', 'done', NULL, false, 1, NULL, NULL, 1795521600250, 1795521600250);
INSERT INTO public.highhelp_events VALUES (2, '3a4c9c463c0382f0eadef410223dce5766cb833094f8a489a918d5c3bfe6d3ef', 2, '11111111-2222-4333-8444-555555555555', 'waiting', '00000000-0000-4000-8000-000000000000', 'success', NULL, true, 10000, 'RUB', 'payin', 'rsa:94c2b9151d9efe84', 1795521600, '35f429c18fad1d2e91e153b83ffb7a0ee992cab7995681da185ff2b893143d23', '{"project_id": "11111111-2222-4333-8444-555555555555", "general": {"request_id": "00000000-0000-4000-8000-000000000000", "payment_id": "waiting"}, "status": {"status": "success", "sub_status": null, "status_description": null}, "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"}}', '\x3eb1bd439947eb76ab629640baae6e9cb102ee2adb46b943d335702455206496dc9b8326e7e6c9e0dfbea7d2e718646e94ba30dca91fad873df817c580ad367f72967d9ebeac00c71cc9a325615c57d540f448b0f355e14ae47b0af79d5e602e51d87daf1f9c1139e90bdb765ef9eae5a927485ae4754733e09b648b26463123f9aba1af1f55a106c1841334098b3fc46b71af2f3f3c81de3c48c39deae3f9ec5a81f83c244587ec421841e74bd6d2c093734ef0d29a409f52c73cd7e500c80eed631abd59479cc99eb1051985030ac4b1bcdff5c57bf99268f0e7117ee98c672b826afb2a2f3e286419fff0067ab98d13b9bfd1940c295c216d2b0c3e49d661cb38edd09ceb9aea82d055587e0c38994120ad22b37577bdc2cb4d15142c7f20b92680841cd04c00b23382896ea1158cbc5020dae568ab72669f', 'received', NULL, false, 0, NULL, 1795521600250, 1795521600250, 1795521600250);
INSERT INTO public.highhelp_events VALUES (3, '0d398d092b7df0bcc9fd35903af1d901413de89379a2efeb85c6d36b3b5d81a5', NULL, '11111111-2222-4333-8444-555555555555', 'late', '00000000-0000-4000-8000-000000000000', 'success', NULL, true, 10000, 'RUB', 'payin', 'rsa:94c2b9151d9efe84', 1795517600, '42c0e9d1e572b67106324c8433f015548c12132077d24da120cdbcfcf8b847f1', '{"project_id": "11111111-2222-4333-8444-555555555555", "general": {"request_id": "00000000-0000-4000-8000-000000000000", "payment_id": "late"}, "status": {"status": "success", "sub_status": null, "status_description": null}, "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"}}', '\x3eb1bd439947eb76cdd8387453bf122937b1f78abb1eaa85a95377538b6aa18d8230cd1bfb0c7bdc7722e57fad9f992b619f7aa876976f675ae1327dc71978600ebafe11cd1c73e2be551f3fcb5470ccef4ede0b7aa58431713fe2feebbdb4ebca926d36bb73de538ebae91f160ed0f776efd50cfae78bde47ca26bfb86fbe12786ca64fd4fb2bb05aba98b3de05a3638ea629a728348a561eb3d7228f1ae8aab2e69efb24aef9233cf1fb7185bac16df7a89fead82a2487d5cb8b78996da916749a1a5dae4d48f5e631448c57daa08439b00e0ac9b5b9658737464567e37576811387f6f9e5237479e6d1c6fc2cdfff227d8bc05b194db53037ec1ded7523e06645a8acf952e9899b9978a442466d78f6c551a0345858d20b3ce89d56325f00be1cfaef5c0944431f213b41308747bc105ede6d0c99f2', 'parked', 'stale', false, 0, NULL, NULL, 1795521600250, 1795521600250);
INSERT INTO public.highhelp_events VALUES (4, 'd86e7692f5f3dff8ada8b349e95522408d72042337888beafc139f2a3b616c2f', 3, '11111111-2222-4333-8444-555555555555', 'open', '00000000-0000-4000-8000-000000000000', 'processing', 'requisites', false, 10000, 'RUB', 'payin', 'rsa:94c2b9151d9efe84', 1795521600, 'c1403d49e62083f601be2e0b84594607b30bda59aa96472f9e001a52207b529a', '{"project_id": "11111111-2222-4333-8444-555555555555", "general": {"request_id": "00000000-0000-4000-8000-000000000000", "payment_id": "open"}, "status": {"status": "processing", "sub_status": "requisites", "status_description": null}, "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"}}', '\x3eb1bd439947eb760d488b414ae656f4beb0d67eb0abbcd286fd6b8e62ba01f1d5d9adb11bc42928bcba6ebb9fadb5fdd223e38e9d6500fb371bb36892bfe230654bb8084ccd00ca0ab6744bd6a7f518200dee403f68f820bc0c98f264fc476e0aeae1a35b1bda3b59df328c188def99d79916e81473b1617ee164c1b23037957de7fcc4b9020a998507b0a38ea619370ad557a5bbf6ee49ecc6ed2e51df593cd10d0076e1b4be3157a0b64ea1e6ac734cec53bca1414c30417d1117f6604d222e85ce18110e4d99a7fb81fb9dc761515b05c65668668a2f9057b8d5480295732ddc15b791b385fc483c26a50b9e6fe64d48e2696de8a21e7b3525a9166855a238808a213ed2cc207cbe751a5d866eeae590ea573eeb4ea90ed3ca127f423acd4baabb8534c85e00f55452d5a200e38e4320a4707ee3622785e09b94f61cac519d2f', 'received', NULL, false, 0, NULL, 1795521600250, 1795521600250, 1795521600250);
INSERT INTO public.highhelp_outbox VALUES (1, 1, 1795521600250, 0);
INSERT INTO public.highhelp_outbox VALUES (2, 2, 1795521600250, 0);
INSERT INTO public.highhelp_outbox VALUES (3, 4, 1795521600250, 0);
INSERT INTO public.highhelp_payments VALUES (1, '83bdf441f5a2b629ed317ee9bb8af3d8a9ccf399c68e62eaae85eb7857eda07c', '11111111-2222-4333-8444-555555555555', 'handled', 'success', 'success', '2320c6f106ef13b69699a9054c517f090da57f7da5c771d3893318c70c44c470', NULL, NULL, NULL, NULL);
INSERT INTO public.highhelp_payments VALUES (2, '955126890ccda08be8b283f8c77da946ef6461de950c5a59757405005a5aec98', '11111111-2222-4333-8444-555555555555', 'waiting', 'success', NULL, '2320c6f106ef13b69699a9054c517f090da57f7da5c771d3893318c70c44c470', NULL, NULL, NULL, NULL);
INSERT INTO public.highhelp_payments VALUES (3, 'b0ab1587955beca5ab19ffc4eb4543c0bae5eb3f0bff633b3ef808d9ae986a1b', '11111111-2222-4333-8444-555555555555', 'open', 'processing:requisites', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.highhelp_payments VALUES (4, 'ab37cdbc050a5409cf8904d8fa2862eec55f03e5ebe7039fd2dcef92284fd08a', '11111111-2222-4333-8444-555555555555', 'expected', NULL, NULL, NULL, 500, 'RUB', NULL, NULL);
INSERT INTO public.highhelp_payouts VALUES (1, '1778319927a3d333b5e56a5f1b985bcb2e25dc6cda5519dbd91841d4e2071b46', '11111111-2222-4333-8444-555555555555', 'prepared', 'create_p2p_payout', 1000, 'RUB', '74274feac9a3f4bfc12e07f6c9e2dbc9d6710222b38ae1e0c553f190a354ff3e', '{"general": {"project_id": "11111111-2222-4333-8444-555555555555", "payment_id": "prepared"}, "payment": {"amount": 1000, "currency": "RUB", "method": "card-p2p"}, "receiver": {"pan": "***"}}', '\x3eb1bd439947eb76dfd9a6b177ee66ab59505d2040790b955cad91a7236cc9681a9dc72c753df520a0faf9fb2e8b425eab6894ff17b4d8d1547079f43e36c69166a0b5d82c64d2457f3429a81ec1dccbff64e1cd01473501bf8dd4f5d9e38f66798bf4c28256244df010dc1c32e7e752bd97b749a87845b1330cbd7b187eda151a92cb2570e5cfb683ba2c0182f46428d502721f0f8d102e6b96514da7eb78625ef53f8f540dfbc7f0cf646b4772a02545ed75b0b2c560e68527e3fdcf628df1f0deb795564f0df615c7a57f6f9caec997e2a051d9cd83a5f3b2d2c8668641f75af8', 'prepared', NULL, false, 0, NULL, NULL, NULL, NULL, NULL, 1795521600250, 1795521600250);
INSERT INTO public.highhelp_payouts VALUES (2, 'bd7c94d043a5ed3c9ae6aec3d4ffd5c54e0bb672c0b967fbeb4cd74e8e302923', '11111111-2222-4333-8444-555555555555', 'settled', 'create_p2p_payout', 1000, 'RUB', 'feb14d508273eb153b56c27de2efd2af7b9f77b0ccdd44ff8314955eb70afd0b', '{"general": {"project_id": "11111111-2222-4333-8444-555555555555", "payment_id": "settled"}, "payment": {"amount": 1000, "currency": "RUB", "method": "card-p2p"}, "receiver": {"pan": "***"}}', '\x3eb1bd439947eb76f546b25a337d3d758448affc76abb22395e787aaad73a6dddfdf63b68d4fbc056517854dc6912c23455f39f6f4816a3f45587d8522a45c07f245c03812690961cebef240b71a3cfab3c8f95d5e4378c42eece7b2ee60011f2c49a7e591a7e5692e2662fe75f585f1399a4b45a18c63c1061f05a408ae46ac99089283db66b31813b5afa13702142dbf5d5c69530bbb8d28a66dfe2725136dfb919c44fa555d9f36ef37b78af89d86038071877581bc4dff4e8b9244bc6029f8e7c468ac5f0078a93150364df4689d888344121dad398e68faa7e46e5c3040fe', 'settled', NULL, false, 1, NULL, NULL, 'processing', 'new', 'eabffb56-0bde-4ade-8742-a1d80ffed9b9', 1795521600250, 1795521600250);
INSERT INTO public.highhelp_refused VALUES (1, 1795521600250, 'signature', 'no key of the project made this signature', 277, 'e4512d538dc1ecf72b04fea4ef90e977a3a20f6c1d10cb6736229b01471635f9', '{"project_id": "11111111-2222-4333-8444-555555555555", "general": {"request_id": "00000000-0000-4000-8000-000000000000", "payment_id": "forged"}, "status": {"status": "success", "sub_status": null, "status_description": null}, "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"}}');
INSERT INTO public.highhelp_refused_counts VALUES ('signature', 1);
INSERT INTO public.highhelp_schema_version VALUES ('0002');
SELECT pg_catalog.setval('public.highhelp_events_id_seq', 4, true);
SELECT pg_catalog.setval('public.highhelp_outbox_id_seq', 3, true);
SELECT pg_catalog.setval('public.highhelp_payments_id_seq', 4, true);
SELECT pg_catalog.setval('public.highhelp_payouts_id_seq', 2, true);
ALTER TABLE ONLY public.highhelp_events
    ADD CONSTRAINT highhelp_events_event_key_key UNIQUE (event_key);
ALTER TABLE ONLY public.highhelp_events
    ADD CONSTRAINT highhelp_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.highhelp_outbox
    ADD CONSTRAINT highhelp_outbox_event_id_key UNIQUE (event_id);
ALTER TABLE ONLY public.highhelp_outbox
    ADD CONSTRAINT highhelp_outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.highhelp_payments
    ADD CONSTRAINT highhelp_payments_payment_key_key UNIQUE (payment_key);
ALTER TABLE ONLY public.highhelp_payments
    ADD CONSTRAINT highhelp_payments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.highhelp_payouts
    ADD CONSTRAINT highhelp_payouts_intent_key_key UNIQUE (intent_key);
ALTER TABLE ONLY public.highhelp_payouts
    ADD CONSTRAINT highhelp_payouts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.highhelp_refused_counts
    ADD CONSTRAINT highhelp_refused_counts_pkey PRIMARY KEY (reason);
ALTER TABLE ONLY public.highhelp_refused
    ADD CONSTRAINT highhelp_refused_pkey PRIMARY KEY (slot);
ALTER TABLE ONLY public.highhelp_schema_version
    ADD CONSTRAINT highhelp_schema_version_pkey PRIMARY KEY (version_num);
CREATE INDEX highhelp_events_due ON public.highhelp_events USING btree (due_at, id) WHERE (due_at IS NOT NULL);
CREATE INDEX highhelp_events_purge ON public.highhelp_events USING btree (changed_at);
CREATE INDEX highhelp_outbox_due ON public.highhelp_outbox USING btree (due_at, id);
CREATE INDEX highhelp_payouts_created ON public.highhelp_payouts USING btree (created_at);
CREATE INDEX highhelp_payouts_state ON public.highhelp_payouts USING btree (state, id);
